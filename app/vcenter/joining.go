package vcenter

import (
	"context"
	"slices"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// doneBefore is what the stream had done when it joined a reading that had not.
type doneBefore struct {
	event.Position
	newest time.Time
}

// open joins a reading or begins one.
func (l *Listener) open(ctx context.Context, after event.Position) error {
	m := l.member
	defer m.shared.hold(ctx)()
	if l.join(&after) {
		return nil
	}
	r, err := m.begin(ctx, after)
	if err != nil {
		return err
	}
	m.shared.mu.Lock()
	defer m.shared.mu.Unlock()
	m.shared.readings = append(m.shared.readings, r)
	l.listen(r)
	m.log.Debug().Str("vcenter", m.shared.name).Int("readers", len(m.shared.readings)).Msg("reading history")
	return nil
}

// join listens to a reading that has all to come that is to come after a position, if there is one.
func (l *Listener) join(after *event.Position) bool {
	s := l.member.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(after, l.member.origin.InstanceUUID, nil)
	if r != nil {
		l.share(r, after)
	}
	return r != nil
}

// keepSettled has a page settle no less than was settled for the stream before it joined: it has forgotten what it had done then. Where
// vCenter's clock has gone back since, all is as the reading says.
func (l *Listener) keepSettled(page *event.Page) {
	if page.Settled.Before(l.settled) && page.Clock.Step(l.clock) > -time.Second {
		page.Settled = l.settled
		return
	}
	l.settled = time.Time{}
}

// move has a stream that has come to where an older reading stands go on with that one.
func (l *Listener) move(ctx context.Context) bool {
	old := l.reading
	moved, last := l.moved()
	if last {
		old.end(ctx)
	}
	if moved {
		l.giveUpSource(old)
	}
	return moved
}

func (l *Listener) moved() (moved, last bool) {
	s, old := l.member.shared, l.reading
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.readings) < 2 || l.behind != nil || old.err != nil || len(old.pages) > 0 {
		return false, false
	}
	r := s.find(&old.at, old.instance, old)
	if r == nil {
		return false, false
	}
	last = old.drop(l)
	l.share(r, &old.at)
	return true, last
}

// share listens to a reading that others have begun; Shared.mu is held.
func (l *Listener) share(r *reading, after *event.Position) {
	l.shares = true
	l.done = append(l.done, doneBefore{Position: after.Clone(), newest: after.Newest()})
	l.settled, l.clock = later(l.settled, after.Settled), r.at.Clock
	l.listen(r)
	l.member.log.Debug().Str("vcenter", r.shared.name).Int("streams", len(r.listeners)).Int("readers", len(r.shared.readings)).
		Msg("sharing a reader of history")
}

// listen begins with the first page that is kept; Shared.mu is held.
func (l *Listener) listen(r *reading) {
	r.listeners[l] = struct{}{}
	l.reading, l.needs, l.given, l.behind = r, r.first, false, nil
}

// leaveOut takes out of a page what the stream had done before it joined, and what it does not want.
func (l *Listener) leaveOut(page *event.Page) {
	if !l.shares {
		return
	}
	page.Events = slices.DeleteFunc(page.Events, func(e event.Event) bool {
		if e.Kind() == event.KindRewound { // what follows has keys that were used before
			l.done = nil
		}
		return !e.IsAnnouncement() && (e.Created.Before(l.start) || slices.ContainsFunc(l.done, func(d doneBefore) bool { return d.Done(e.Key, e.Created) }))
	})
	l.done = slices.DeleteFunc(l.done, func(d doneBefore) bool { return !page.Settled.Before(d.newest) })
}

// giveUpSource leaves the source of the member to the reading that it was made for, if that goes on in it for others. Else the
// member keeps it.
func (l *Listener) giveUpSource(r *reading) {
	s, m := l.member.shared, l.member
	s.mu.Lock()
	own, left := m.source == r.source, r.owner != m
	s.mu.Unlock()
	switch {
	case own && left:
		m.source = nil
	case own && r != l.reading:
		m.source.rest()
	}
}
