// Package secret reads what the secret stores of a Dapr sidecar keep.
package secret

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dapr/go-sdk/client"
)

// askTimeout bounds one question. A sidecar answers within milliseconds, the vault behind it within seconds.
const askTimeout = 10 * time.Second

// ErrNoKey means that a secret is there and has no value under the key; only a person mends that.
var ErrNoKey = errors.New("secret has no such key")

// Stores are the secret stores of one sidecar. They are safe for concurrent use.
type Stores struct{ dapr client.Client }

// NewStores returns the secret stores of the sidecar that dapr is a client of. It does not dial.
func NewStores(dapr client.Client) Stores { return Stores{dapr: dapr} }

// Get asks store for the value under key of the secret that is called name. Nothing is kept, so that a secret may be
// rotated. An error names store, secret and keys, and holds no value.
func (s Stores) Get(ctx context.Context, store, name, key string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	values, err := s.dapr.GetSecret(ctx, store, name, nil)
	if err != nil {
		return "", fmt.Errorf("ask the sidecar for secret %s of store %s: %w", name, store, err)
	}
	value, there := values[key]
	if !there {
		keys := slices.Sorted(maps.Keys(values))
		return "", fmt.Errorf("%w: %s of store %s has no key %s, only: %s", ErrNoKey, name, store, key, strings.Join(keys, ", "))
	}
	return value, nil
}
