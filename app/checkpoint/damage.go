package checkpoint

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/event"
)

// damaged keeps a copy of a record that cannot be read, so that nobody who mends the record loses it, and says so. The record
// itself is not touched.
func (s *Store) damaged(ctx context.Context, stream string, text []byte, reason error) error {
	sum := sha256.Sum256(text)
	digest := hex.EncodeToString(sum[:4])
	damage := &event.DamagedError{Record: s.component + ", key " + key(stream), Digest: digest, Err: reason}
	copied := "vcrelay/damaged/" + stream + "/" + digest
	s.mu.Lock()
	kept := s.kept[copied]
	s.mu.Unlock()
	if !kept {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		item := &client.SetStateItem{Key: copied, Value: text, Options: &client.StateOptions{Concurrency: client.StateConcurrencyLastWrite}}
		if err := s.dapr.SaveBulkState(ctx, s.component, item); err != nil {
			return damage // it is tried again at the next look
		}
		s.mu.Lock()
		s.kept[copied] = true
		s.mu.Unlock()
	}
	damage.Copy = copied
	return damage
}
