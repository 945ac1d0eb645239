package checkpoint

import (
	"context"
	"errors"
	"fmt"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/event"
)

// errEarlier means that an earlier write of this process has come through, and that the next one goes on from there.
var errEarlier = errors.New("an earlier write came through")

// swap writes next if the record still has etag (or does not exist, when etag is empty), and keeps the new ETag.
//
// Dapr does not return the ETag of a write, and how a store words a conflict differs (Aborted, or Internal when a key
// that must not exist does). So every write is followed by a read: the write counts exactly when the record that is
// there now is the one that was written. That also settles writes whose answer was lost.
func (s *Store) swap(ctx context.Context, stream string, next record, etag string) error {
	data, err := encode(next)
	if err != nil {
		return err
	}
	writeErr := s.write(ctx, key(stream), data, etag)
	current, currentETag, err := s.load(ctx, stream)
	if err != nil {
		return fmt.Errorf("confirm write: %w", err)
	}
	if current.sameWrite(next) {
		s.hold(stream, next, currentETag)
		return nil
	}
	if current.Owner == s.owner && current.Epoch == next.Epoch && currentETag != etag {
		s.hold(stream, current, currentETag)
		return fmt.Errorf("write position of %s: %w", stream, errEarlier)
	}
	if currentETag == "" && etag != "" { // the store was wiped: ours is the position that counts
		s.Log.Error().Str("stream", stream).Str("store", s.component).Msg("the stored position is gone, writing it again")
		return s.swap(ctx, stream, next, "")
	}
	if writeErr == nil || currentETag != etag {
		s.lose(stream)
		return fmt.Errorf("write position of %s: %w (owner %s, epoch %d)", stream, event.ErrFenced, current.Owner, current.Epoch)
	}
	return fmt.Errorf("write position of %s: %w", stream, writeErr)
}

// write writes what is at a key if it still has etag, or if there is nothing when etag is empty.
func (s *Store) write(ctx context.Context, at string, data []byte, etag string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	item := &client.SetStateItem{
		Key:   at,
		Value: data,
		Options: &client.StateOptions{
			Concurrency: client.StateConcurrencyFirstWrite,
			Consistency: client.StateConsistencyStrong,
		},
	}
	if etag != "" {
		item.Etag = &client.ETag{Value: etag}
	}
	return s.dapr.SaveBulkState(ctx, s.component, item)
}

// load returns the record and its ETag; both are empty when the store has none.
func (s *Store) load(ctx context.Context, stream string) (record, string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	item, err := s.dapr.GetStateWithConsistency(ctx, s.component, key(stream), nil, client.StateConsistencyStrong)
	if err != nil {
		return record{}, "", fmt.Errorf("load position of %s: %w", stream, err)
	}
	if len(item.Value) == 0 {
		return record{}, "", nil
	}
	r, err := decode(item.Value)
	if err != nil {
		s.forget(stream)
		return record{}, "", s.damaged(ctx, stream, item.Value, err)
	}
	return r, item.Etag, nil
}

// key names the record. Dapr puts the app id in front, so a relay under another app id starts anew.
func key(stream string) string { return "vcrelay/stream/" + stream }
