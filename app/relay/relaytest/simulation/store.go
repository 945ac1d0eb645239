package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation/judge"
)

var errNoStore = errors.New("state store is not available")

// record is what the checkpoint store holds of the one stream.
type record struct {
	mu       sync.Mutex
	owner    int    // number of the process
	position string // as JSON
}

// store is the checkpoint store as a process sees it; it is relay.Checkpoints.
type store struct {
	day     *day
	process *process
}

// Acquire is relay.Checkpoints.
func (s *store) Acquire(ctx context.Context, _ string) (position event.Position, found bool, err error) {
	if s.process.fenced.Load() { // there is one process at a time to take over; more of them are tried in test/e2e
		<-ctx.Done()
		return position, false, ctx.Err()
	}
	if err := s.arrive(ctx, "load refused"); err != nil {
		return position, false, err
	}
	r := &s.day.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.position != "" {
		if err := json.Unmarshal([]byte(r.position), &position); err != nil {
			return position, false, fmt.Errorf("%w: %w", event.ErrDamaged, err)
		}
	}
	r.owner = s.process.number
	s.day.note(judge.Step{Act: judge.Acquired, Process: s.process.number})
	return position, r.position != "", nil
}

// Look is relay.Checkpoints. No stream of a simulation waits for its share.
func (s *store) Look(ctx context.Context, _ string) error { return ctx.Err() }

// Save is relay.Checkpoints.
func (s *store) Save(ctx context.Context, _ string, position event.Position) error {
	text, err := json.Marshal(position)
	if err != nil {
		return err
	}
	if err := s.arrive(ctx, "save refused"); err != nil {
		return err
	}
	if s.day.trouble.take("crash before save") {
		s.process.crash(true)
		return errDead
	}
	if err := s.write(string(text)); err != nil {
		return err
	}
	switch {
	case s.day.trouble.take("answer of a save lost"):
		return errNoAnswer
	case s.day.trouble.take("crash after save"):
		s.process.crash(true)
	}
	return nil
}

func (s *store) write(text string) error {
	r := &s.day.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owner != s.process.number {
		s.process.fenced.Store(true)
		return event.ErrFenced
	}
	r.position = text
	s.day.log.Trace().Int("process", s.process.number).RawJSON("position", []byte(text)).Msg("SIMULATION: saved")
	s.day.note(judge.Step{Act: judge.Written, Process: s.process.number, Position: text})
	return nil
}

// Release is relay.Checkpoints.
func (s *store) Release(ctx context.Context, _ string) error {
	if err := s.arrive(ctx, "release refused"); err != nil {
		return err
	}
	r := &s.day.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owner != s.process.number {
		return event.ErrFenced
	}
	r.owner = 0
	return nil
}

// arrive is the way of a call to the store.
func (s *store) arrive(ctx context.Context, fault string) error {
	if s.process.isDead() {
		return errDead
	}
	if err := pass(ctx, s.process, between(s.process.saves, 500*time.Microsecond, 3*time.Millisecond)); err != nil {
		return err
	}
	if s.day.isOut(&s.day.storeOut) || s.day.trouble.take(fault) {
		return errNoStore
	}
	return nil
}
