package relaytest

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// Positions is a checkpoint store that several owners share; each owner has a Store of its own. It is safe for
// concurrent use.
type Positions struct {
	// Lease is how long an owner that does not write keeps its streams; 0 for not at all.
	Lease time.Duration

	mu      sync.Mutex
	records map[string]fakeRecord
	owners  int
}

type fakeRecord struct {
	owner    int
	position []byte // as JSON: what is stored is not shared with who stored it
	written  time.Time
}

// NewPositions returns an empty store.
func NewPositions() *Positions { return &Positions{records: make(map[string]fakeRecord)} }

// Damage overwrites what is stored for a stream.
func (p *Positions) Damage(stream string, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.records[stream] = fakeRecord{position: []byte(text)}
}

// Position is what is stored for a stream.
func (p *Positions) Position(stream string) (position event.Position, found bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	record, found := p.records[stream]
	if !found || record.position == nil {
		return position, false
	}
	return position, json.Unmarshal(record.position, &position) == nil
}

// OwnerOf is the number of the owner of a stream, 0 for none.
func (p *Positions) OwnerOf(stream string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.records[stream].owner
}

// Restore puts a position in place of what is stored.
func (p *Positions) Restore(stream string, position event.Position) error {
	text, err := json.Marshal(position)
	if err != nil {
		return err
	}
	p.Damage(stream, string(text))
	return nil
}

// Store is one owner's view of Positions.
type Store struct {
	positions *Positions
	owner     int

	// Err, when set, is asked before each call and makes it fail when it returns an error.
	Err func() error
	// OnSave, when set, is called with each position before it is stored.
	OnSave func(event.Position)
}

// Owner returns the store for another owner.
func (p *Positions) Owner() *Store {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owners++
	return &Store{positions: p, owner: p.owners}
}

// Acquire is relay.Checkpoints.
func (s *Store) Acquire(ctx context.Context, stream string) (position event.Position, found bool, err error) {
	if err := s.fail(ctx); err != nil {
		return position, false, err
	}
	s.positions.mu.Lock()
	defer s.positions.mu.Unlock()
	record := s.positions.records[stream]
	if record.owner != 0 && record.owner != s.owner && time.Since(record.written) < s.positions.Lease {
		return position, false, event.ErrHeld
	}
	if record.position != nil {
		if err := json.Unmarshal(record.position, &position); err != nil {
			return position, false, &event.DamagedError{Record: stream, Digest: "0badf00d", Err: err}
		}
	}
	s.positions.records[stream] = fakeRecord{owner: s.owner, position: record.position, written: time.Now()}
	return position, record.position != nil, nil
}

// Look is relay.Checkpoints.
func (s *Store) Look(ctx context.Context, stream string) error {
	if err := s.fail(ctx); err != nil {
		return err
	}
	s.positions.mu.Lock()
	defer s.positions.mu.Unlock()
	record := s.positions.records[stream]
	if record.owner != 0 && record.owner != s.owner && time.Since(record.written) < s.positions.Lease {
		return event.ErrHeld
	}
	return nil
}

// Save is relay.Checkpoints.
func (s *Store) Save(ctx context.Context, stream string, position event.Position) error {
	if err := s.fail(ctx); err != nil {
		return err
	}
	text, err := json.Marshal(position)
	if err != nil {
		return err
	}
	s.positions.mu.Lock()
	defer s.positions.mu.Unlock()
	if s.positions.records[stream].owner != s.owner {
		return event.ErrFenced
	}
	if s.OnSave != nil {
		s.OnSave(position)
	}
	s.positions.records[stream] = fakeRecord{owner: s.owner, position: text, written: time.Now()}
	return nil
}

// Renew is relay.Leases.
func (s *Store) Renew(ctx context.Context, stream string) error {
	if err := s.fail(ctx); err != nil {
		return err
	}
	s.positions.mu.Lock()
	defer s.positions.mu.Unlock()
	if s.positions.records[stream].owner != s.owner {
		return event.ErrFenced
	}
	s.positions.records[stream] = fakeRecord{owner: s.owner, written: time.Now()}
	return nil
}

// Release is relay.Checkpoints.
func (s *Store) Release(ctx context.Context, stream string) error {
	if err := s.fail(ctx); err != nil {
		return err
	}
	s.positions.mu.Lock()
	defer s.positions.mu.Unlock()
	record := s.positions.records[stream]
	if record.owner != s.owner {
		return event.ErrFenced
	}
	s.positions.records[stream] = fakeRecord{position: record.position}
	return nil
}

func (s *Store) fail(ctx context.Context) error {
	if s.Err != nil {
		if err := s.Err(); err != nil {
			return err
		}
	}
	return ctx.Err()
}
