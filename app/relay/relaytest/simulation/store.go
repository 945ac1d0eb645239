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

// record is what the checkpoint store holds of a stream.
type record struct {
	mu        sync.Mutex
	owner     int // the stint
	stints    int
	newest    int       // the process that asked for it last
	elsewhere time.Time // until when another relay has the stream, which does nothing
	position  string    // as JSON
}

// lend has another relay have the stream for a while, and returns its stint.
func (r *record) lend(lasts time.Duration) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stints++
	r.owner, r.elsewhere = r.stints, time.Now().Add(lasts)
	return r.owner
}

// isElsewhere is how long it yet has it.
func (r *record) isElsewhere() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Until(r.elsewhere)
}

// takenFrom tells whether a stream is not the owner.
func (r *record) takenFrom(s *stream) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.owner != s.number()
}

// isHeld tells whether the stream is not to be had, by this process never again or for a while. Of two processes the later one takes
// over; more of them are tried in test/e2e.
func (s *stream) isHeld() bool {
	r := &s.route.record
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest = max(r.newest, s.process.number)
	if s.process.number < r.newest {
		s.fenced.Store(true)
	}
	return s.fenced.Load() || time.Now().Before(r.elsewhere)
}

// number is that of the stint, for the judge: to him each is a process.
func (s *stream) number() int { return int(s.stint.Load()) }

// store is the checkpoint store as a stream sees it; it is relay.Checkpoints.
type store struct{ *stream }

// Acquire is relay.Checkpoints.
func (s *store) Acquire(ctx context.Context, _ string) (position event.Position, found bool, err error) {
	if s.isHeld() {
		return position, false, event.ErrHeld
	}
	if err := s.arrive(ctx, "load refused"); err != nil {
		return position, false, err
	}
	r := &s.route.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.position != "" {
		if err := json.Unmarshal([]byte(r.position), &position); err != nil {
			return position, false, fmt.Errorf("%w: %w", event.ErrDamaged, err)
		}
	}
	r.stints++
	r.owner = r.stints
	s.stint.Store(int64(r.owner))
	s.route.note(judge.Step{Act: judge.Acquired, Process: r.owner})
	return position, r.position != "", nil
}

// Look is relay.Checkpoints. It waits until the stream is free.
func (s *store) Look(ctx context.Context, _ string) error {
	if s.fenced.Load() {
		return hang(ctx, s.process)
	}
	return pass(ctx, s.process, max(s.route.record.isElsewhere(), 0)+time.Millisecond)
}

// Save is relay.Checkpoints.
func (s *store) Save(ctx context.Context, _ string, position event.Position) error {
	text, err := json.Marshal(position)
	if err != nil {
		return err
	}
	if err := s.arrive(ctx, "save refused"); err != nil {
		return err
	}
	if s.route.trouble.take("crash before save") {
		s.process.crash(true)
		return errDead
	}
	if err := s.write(string(text)); err != nil {
		return err
	}
	switch {
	case s.route.trouble.take("answer of a save lost"):
		return errNoAnswer
	case s.route.trouble.take("crash after save"):
		s.process.crash(true)
	}
	return nil
}

func (s *store) write(text string) error {
	r := &s.route.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owner != s.number() {
		s.fenced.Store(s.process.number < r.newest)
		return event.ErrFenced
	}
	r.position = text
	s.process.day.log.Trace().Int("process", s.process.number).Int("stream", s.route.number).RawJSON("position", []byte(text)).Msg("SIMULATION: saved")
	s.route.note(judge.Step{Act: judge.Written, Process: s.number(), Position: text})
	return nil
}

// Release is relay.Checkpoints.
func (s *store) Release(ctx context.Context, _ string) error {
	if err := s.arrive(ctx, "release refused"); err != nil {
		return err
	}
	r := &s.route.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owner != s.number() {
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
	if err := pass(ctx, s.process, between(s.saves, 500*time.Microsecond, 3*time.Millisecond)); err != nil {
		return err
	}
	if s.process.day.isStoreOut() || s.route.trouble.take(fault) {
		return errNoStore
	}
	return nil
}
