package simulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation/judge"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

var (
	errRefused = errors.New("connection refused")
	errReset   = errors.New("connection reset by peer")
	errFault   = errors.New("ServerFaultCode: a general system error occurred")
	errDead    = errors.New("this process is dead")
	errTooMany = errors.New("InvalidState: too many event collectors in this session")
)

// way is how vCenter is reached.
type way uint8

const (
	open    way = iota
	refused     // calls fail at once
	silent      // calls are never answered
)

// server is the simulated vCenter.
type server struct {
	day      *day
	db       *history.Database
	readings Readings
	origin   event.Origin

	mu       sync.Mutex
	ahead    time.Duration // its clock before ours, and
	clock    []judge.Clock // how that went
	way      way
	down     bool // it does not run: nothing happens in it
	deaf     bool // it does not tell of changes
	sessions map[*session]struct{}
}

func newServer(d *day, readings Readings) *server {
	s := &server{day: d, readings: readings, ahead: readings.Ahead, sessions: make(map[*session]struct{})}
	s.clock = []judge.Clock{{Ahead: s.ahead}}
	s.origin = event.Origin{InstanceUUID: instance, Source: "https://vcenter/sdk", Name: "simulated", APIVersion: "8.0.3.0"}
	if readings.ByKey {
		s.origin.APIVersion = "9.0.0.0"
	}
	s.db = history.New(history.Options{
		Clock: s.now, FirstKey: readings.FirstKey, WrapTo: readings.WrapTo, Order: readings.Order, StuckInHole: readings.StuckInHole,
		LatestHidden: readings.LatestHidden, TimePrecision: readings.Rounding, Hidden: hidden,
		Burst: &history.Burst{Identity: identity, Notice: d.notice, Live: readings.LiveBursts},
	})
	return s
}

// now is vCenter's time.
func (s *server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead).Truncate(s.readings.Resolution).UTC()
}

func (s *server) stepClock(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += by
	s.clock = append(s.clock, judge.Clock{At: s.day.since(), Ahead: s.ahead, Shows: time.Now().Add(s.ahead).UnixMicro()})
}

// reach says how vCenter can be reached from now on.
func (s *server) reach(by way) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.way = by
}

// stop ends the vCenter until start; whoever is logged in is not any more.
func (s *server) stop() {
	s.endSessions()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = true
}

func (s *server) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = false
}

func (s *server) runs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.down
}

func (s *server) setDeaf(deaf bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = deaf
}

func (s *server) isDeaf() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deaf
}

// endSessions logs everybody out.
func (s *server) endSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session := range s.sessions {
		close(session.ended)
	}
	clear(s.sessions)
}

// breakWatches has every watch fail once.
func (s *server) breakWatches() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session := range s.sessions {
		close(session.broken)
		session.broken = make(chan struct{})
	}
}

// dialTimeout is what package vim gives a login.
const dialTimeout = 30 * time.Second

// dial is how the stream of a context logs in.
func (s *server) dial(ctx context.Context) (vcenter.Session, error) {
	by := ctx.Value(loggingIn{}).(*stream)
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := s.arrive(ctx, by.process); err != nil {
		return nil, err
	}
	logins := by.logins.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	session := &session{
		server: s, process: by.process, number: by.route.number*4 + int(logins%4),
		pages: seeded(s.day.seed, 1<<32+uint64(by.process.number)<<24+uint64(by.route.number)<<20+uint64(logins)), //nolint:gosec // small
		ended: make(chan struct{}), broken: make(chan struct{}),
	}
	s.sessions[session] = struct{}{}
	return session, nil
}

// arrive is the way of a call to vCenter.
func (s *server) arrive(ctx context.Context, p *process) error {
	if p.isDead() {
		return errDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.day.countCall()
	s.mu.Lock()
	by, down := s.way, s.down
	s.mu.Unlock()
	switch {
	case by == silent:
		return hang(ctx, p)
	case by == refused, down:
		return errRefused
	default:
		return nil
	}
}

// hang never answers.
func hang(ctx context.Context, p *process) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("no answer: %w", ctx.Err())
	case <-p.dead:
		return errDead
	}
}

// pass waits, and reports whether the process and its context lasted so long.
func pass(ctx context.Context, p *process, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.dead:
		return errDead
	}
}
