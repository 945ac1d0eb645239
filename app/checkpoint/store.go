package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dapr/go-sdk/client"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
)

// callTimeout bounds one call to the store.
const callTimeout = 10 * time.Second

// Store keeps records in one Dapr state store. It is safe for concurrent use by different streams.
type Store struct {
	// Log is told when the store has lost a record that this process knows.
	Log zerolog.Logger

	dapr      client.Client
	component string
	owner     string
	lease     time.Duration

	mu    sync.Mutex
	owned map[string]held     // by stream
	seen  map[string]sighting // of any, by stream
	kept  map[string]bool     // keys of copies of damaged records
}

// held is the last state of a record that this process wrote.
type held struct {
	record record
	etag   string
	writes int64 // the number of the last write that was tried
}

// NewStore returns a store on the state component of that name, with an owner id of its own. Whoever takes a stream from it
// has to wait until it has not written for the time of the lease. It does not dial.
func NewStore(dapr client.Client, component string, lease time.Duration) *Store {
	return &Store{
		dapr: dapr, component: component, owner: uuid.NewString(), lease: lease,
		owned: make(map[string]held), seen: make(map[string]sighting), kept: make(map[string]bool),
	}
}

// Check returns an error when the sidecar has no such state store or the store cannot compare and swap.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	metadata, err := s.dapr.GetMetadata(ctx)
	if err != nil {
		return fmt.Errorf("ask the sidecar for its components: %w", err)
	}
	for _, component := range metadata.RegisteredComponents {
		if component.Name != s.component {
			continue
		}
		if !slices.Contains(component.Capabilities, "ETAG") {
			return fmt.Errorf("%w: %s (%s) has no ETags, so two relays could overwrite each other; use one that has, e.g. state.sqlite, state.redis, state.postgresql",
				ErrUnfit, s.component, component.Type)
		}
		return nil
	}
	return fmt.Errorf("%w: the sidecar has no state store %q; add it to its resources folder (see components/nats), scoped to this app id, or set VCRELAY_STATE_STORE",
		ErrUnfit, s.component)
}

// ErrUnfit means that the sidecar's components cannot hold checkpoints; no retry mends that.
var ErrUnfit = errors.New("unfit state store")

// Acquire takes the stream when nobody has it, and returns its position. While the lease of another owner lasts, it fails with
// event.ErrHeld: it has to be asked again and again, since a lease ends by what is seen of it.
func (s *Store) Acquire(ctx context.Context, stream string) (position event.Position, found bool, err error) {
	current, etag, err := s.look(ctx, stream)
	if err != nil {
		return position, false, err
	}
	position, found, err = current.position()
	if err != nil {
		s.forget(stream) // when somebody deletes it, it is gone
		return position, false, s.damaged(ctx, stream, current.Position, err)
	}
	next := record{Owner: s.owner, Epoch: current.Epoch + 1, LeaseSeconds: s.lease.Seconds(), Position: current.Position}
	err = s.swap(ctx, stream, next, etag)
	if errors.Is(err, event.ErrFenced) { // somebody else was faster
		return event.Position{}, false, fmt.Errorf("%w: %w", event.ErrHeld, err)
	}
	return position, found, err
}

// Look notes how the record stands, so that the end of its lease is seen. It returns nil when the stream may be acquired, and
// event.ErrHeld while another owner has it.
func (s *Store) Look(ctx context.Context, stream string) error {
	_, _, err := s.look(ctx, stream)
	return err
}

func (s *Store) look(ctx context.Context, stream string) (current record, etag string, err error) {
	current, etag, err = s.load(ctx, stream)
	if err != nil {
		return current, etag, err
	}
	if etag != "" && current.Owner != s.owner {
		s.lose(stream)
	}
	if etag == "" {
		if known, was := s.recall(stream); was {
			s.Log.Error().Str("stream", stream).Str("store", s.component).Msg("the stored position is gone, going on from the last one that was seen")
			current = known
		}
	}
	if !s.free(stream, current, etag) {
		return current, etag, fmt.Errorf("%w: owner %s", event.ErrHeld, current.Owner)
	}
	return current, etag, nil
}

// Renew is Save without a position: who acquires the stream next begins as at a first start.
func (s *Store) Renew(ctx context.Context, stream string) error {
	return s.change(ctx, stream, func(r *record) { r.Position = nil })
}

// Save stores position in the stream's record. It fails with event.ErrFenced when the record is no longer ours.
func (s *Store) Save(ctx context.Context, stream string, position event.Position) error {
	text, err := json.Marshal(position)
	if err != nil {
		return fmt.Errorf("encode position: %w", err)
	}
	return s.change(ctx, stream, func(r *record) { r.Position = text })
}

// Release leaves the record without an owner.
func (s *Store) Release(ctx context.Context, stream string) error {
	if err := s.change(ctx, stream, func(r *record) { r.Owner = "" }); err != nil {
		return err
	}
	s.lose(stream)
	return nil
}

// change writes the record that is ours anew. An earlier write whose answer was lost may come through at last: the change is
// then made to what that has left.
func (s *Store) change(ctx context.Context, stream string, change func(*record)) error {
	for {
		next, etag, err := s.nextWrite(stream)
		if err != nil {
			return err
		}
		change(&next)
		if err := s.swap(ctx, stream, next, etag); !errors.Is(err, errEarlier) {
			return err
		}
	}
}

// nextWrite is the record that is ours with the number of another write. Each one that is tried has its own, by which it is known in
// the store: two of them may hold different positions.
func (s *Store) nextWrite(stream string) (next record, etag string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine, ok := s.owned[stream]
	if !ok {
		return record{}, "", fmt.Errorf("write position of %s: %w", stream, event.ErrFenced)
	}
	mine.writes++
	s.owned[stream] = mine
	next = mine.record
	next.Write = mine.writes
	return next, mine.etag, nil
}

func (s *Store) hold(stream string, r record, etag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Version = recordVersion
	s.owned[stream] = held{record: r, etag: etag, writes: r.Write}
	s.seen[stream] = sighting{etag, time.Now(), r}
}

// forget forgets all that is known of a record.
func (s *Store) forget(stream string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.owned, stream)
	delete(s.seen, stream)
}

// lose forgets that the stream was ours.
func (s *Store) lose(stream string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.owned, stream)
}
