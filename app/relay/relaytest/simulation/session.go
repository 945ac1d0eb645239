package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

const (
	joinSignals   = 20 * time.Millisecond // what vCenter joins into one update
	watchTimeout  = time.Minute           // after which a watch that hears nothing is given up, as package vim does
	maxCollectors = 32                    // of a session: event.maxCollectors
)

// session is a login session; it is vcenter.Session.
type session struct {
	server     *server
	process    *process
	number     int           // another one for each of the process that are there at a time
	pages      *rand.Rand    // one for each session, so that the order of readers does not matter
	ended      chan struct{} // closed when vCenter has ended it
	broken     chan struct{} // closed when watching fails; guarded by server.mu
	collectors int           // guarded by server.mu
}

// arrive is the way of a call in this session.
func (s *session) arrive(ctx context.Context) error {
	if err := s.server.arrive(ctx, s.process); err != nil {
		return err
	}
	select {
	case <-s.ended:
		return fmt.Errorf("%w: NotAuthenticated", vcenter.ErrSessionEnded)
	default:
		return nil
	}
}

// Origin is vcenter.Session.
func (s *session) Origin() *event.Origin { return &s.server.origin }

// Now is vcenter.Session.
func (s *session) Now(ctx context.Context) (time.Time, error) {
	if err := s.arrive(ctx); err != nil {
		return time.Time{}, err
	}
	return s.server.now(), nil
}

// Latest is vcenter.Session.
func (s *session) Latest(ctx context.Context) (vcenter.Mark, bool, error) {
	if err := s.arrive(ctx); err != nil {
		return vcenter.Mark{}, false, err
	}
	newest, found := s.server.db.Latest()
	return mark(&newest), found, nil
}

func mark(row *history.Row) vcenter.Mark {
	if row.Body == nil {
		return vcenter.Mark{}
	}
	return vcenter.Mark{Key: row.Key, Created: row.CreatedTime()}
}

// Watch is vcenter.Session.
func (s *session) Watch(ctx context.Context, changed func(vcenter.Mark)) error {
	if err := s.arrive(ctx); err != nil {
		return err
	}
	s.server.mu.Lock()
	broken := s.broken
	s.server.mu.Unlock()
	var last vcenter.Mark
	for {
		changes := s.server.db.Changes()
		if err := s.cutOff(ctx); err != nil {
			return err
		}
		if newest, found := s.server.db.Latest(); found && mark(&newest) != last && !s.server.isDeaf() {
			last = mark(&newest)
			changed(last)
		}
		select {
		case <-changes:
			if err := pass(ctx, s.process, joinSignals+s.apart()); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-s.process.dead:
			return errDead
		case <-s.ended:
			return vcenter.ErrSessionEnded
		case <-broken:
			return errReset
		}
	}
}

// apart keeps what two sessions do for the same reason from happening at the same instant.
func (s *session) apart() time.Duration {
	return time.Duration(s.process.number)*137*time.Microsecond + time.Duration(s.number)*11*time.Microsecond
}

// cutOff has a watch find out in the end that nobody answers it.
func (s *session) cutOff(ctx context.Context) error {
	s.server.mu.Lock()
	by := s.server.way
	s.server.mu.Unlock()
	switch by {
	case silent:
		if err := pass(ctx, s.process, watchTimeout); err != nil {
			return err
		}
		return context.DeadlineExceeded
	case refused:
		return errReset
	default:
		return nil
	}
}

// OpenSpan is vcenter.Session.
func (s *session) OpenSpan(ctx context.Context, span vcenter.Span) (vcenter.Cursor, error) {
	if err := s.arrive(ctx); err != nil {
		return nil, err
	}
	if s.server.day.trouble.take("collector refused") {
		return nil, errFault
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.collectors == maxCollectors {
		s.server.day.fault("a session needs more than %d collectors", maxCollectors)
		return nil, errTooMany
	}
	s.collectors++
	collector := s.server.db.Collector(history.Filter{Begin: span.Begin, End: span.End})
	return &cursor{session: s, occupies: true, span: span, read: func() ([]history.Row, error) { return collector.Next(vcenter.PageSize), nil }}, nil
}

// OpenAfter is vcenter.Session.
func (s *session) OpenAfter(after int32) vcenter.Cursor {
	return &cursor{session: s, read: func() ([]history.Row, error) {
		rows, err := s.server.db.After(after, true, vcenter.PageSize, history.Filter{})
		if len(rows) > 0 {
			after = rows[len(rows)-1].Key
		}
		return rows, err
	}}
}

// CanOpenAfter is vcenter.Session.
func (s *session) CanOpenAfter() bool { return s.server.readings.ByKey }

// Close is vcenter.Session.
func (s *session) Close(ctx context.Context) {
	select {
	case <-s.ended:
		return
	default:
	}
	if s.arrive(ctx) != nil {
		return // it ends by itself, some day
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if _, there := s.server.sessions[s]; there {
		close(s.ended)
		delete(s.server.sessions, s)
	}
}
