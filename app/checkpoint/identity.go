package checkpoint

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dapr/go-sdk/client"
)

// identity is the record of which vCenter answers at an address, as JSON.
type identity struct {
	Version      int    `json:"version"`
	InstanceUUID string `json:"instanceUuid"`
	Before       string `json:"before,omitempty"` // that of the vCenter that answered there before
}

// Identify notes which vCenter answers at an address, and returns which one did before; empty where that is the first.
func (s *Store) Identify(ctx context.Context, address, instanceUUID string) (before string, err error) {
	at := "vcrelay/vcenter/" + address
	for range attempts {
		var known identity
		var etag string
		if known, etag, err = s.loadIdentity(ctx, at); err != nil {
			return "", err
		}
		if known.InstanceUUID == instanceUUID {
			return known.Before, nil
		}
		var data []byte
		if data, err = json.Marshal(identity{recordVersion, instanceUUID, known.InstanceUUID}); err != nil {
			return "", err
		}
		if err = s.write(ctx, at, data, etag); err == nil {
			return known.InstanceUUID, nil
		}
	}
	return "", fmt.Errorf("write which vCenter answers at %s to %s: %w", address, s.component, err)
}

// loadIdentity returns none where there is none, or none that can be read.
func (s *Store) loadIdentity(ctx context.Context, at string) (known identity, etag string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	item, err := s.dapr.GetStateWithConsistency(ctx, s.component, at, nil, client.StateConsistencyStrong)
	if err != nil {
		return known, "", fmt.Errorf("load from %s, key %s: %w", s.component, at, err)
	}
	if json.Unmarshal(item.Value, &known) != nil || known.Version != recordVersion {
		return identity{}, item.Etag, nil
	}
	return known, item.Etag, nil
}
