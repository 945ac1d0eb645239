package vcsim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// effect is what a fault does. end is nil for one that is over as soon as it has happened.
type effect struct{ begin, end func() }

// kind makes the effects of one kind of fault from its arguments; struck counts how often it has had an effect.
type kind struct {
	name  string
	lasts bool // until it is cleared, if its arguments do not say for how long; else only for as long as they say
	make  func(s *Server, a *arguments, struck func()) effect
}

// kinds is every kind of fault, in the order of the files that hold them.
var kinds = slices.Concat(wireKinds, historyKinds, eventKinds, serviceKinds)

// faultBook knows the faults that were asked for, and begins and ends them in time. Each has, beside the arguments of its
// kind, after (how long to wait), every (how long until it happens again) and, if it has an end, for (how long it lasts).
type faultBook struct {
	server *Server
	turn   chan struct{} // told of a new fault

	mu      sync.Mutex
	entries []*entry
	last    int // number given out
}

type entry struct {
	id     int
	text   string
	effect effect
	due    time.Time // zero: it has begun and does not begin again
	every  time.Duration
	span   time.Duration
	ends   time.Time // zero: it is not on, or until cleared
	on     bool
	struck atomic.Int64
}

func newFaultBook(server *Server) *faultBook {
	return &faultBook{server: server, turn: make(chan struct{}, 1)}
}

// add takes up a fault and returns its number. One that need not wait has begun when add returns.
func (b *faultBook) add(a *arguments) (int, error) {
	name := a.text("kind", "")
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return 0, fmt.Errorf("kind %q of fault is not known; there are %s", name, strings.Join(kindNames(), ", "))
	}
	e := &entry{text: a.String(), due: time.Now().Add(a.duration("after", 0)), every: a.duration("every", 0)}
	e.effect = kinds[i].make(b.server, a, func() { e.struck.Add(1) })
	if e.effect.end != nil {
		e.span = a.duration("for", 0)
		if e.span == 0 && !kinds[i].lasts {
			e.span = time.Nanosecond
		}
	}
	if err := a.err(); err != nil {
		return 0, err
	}
	b.mu.Lock()
	b.last++
	e.id = b.last
	b.entries = append(b.entries, e)
	b.mu.Unlock()
	b.step()
	select {
	case b.turn <- struct{}{}:
	default: // run has yet to see the turn before
	}
	return e.id, nil
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// run begins and ends faults in time until ctx ends.
func (b *faultBook) run(ctx context.Context) error {
	for {
		timer := time.NewTimer(b.step())
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-b.turn:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// step does what is due and returns how long nothing will be.
func (b *faultBook) step() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	next := now.Add(time.Hour) // until add
	for _, e := range b.entries {
		e.step(now)
		for _, moment := range []time.Time{e.due, e.ends} {
			if !moment.IsZero() && moment.Before(next) {
				next = moment
			}
		}
	}
	return max(next.Sub(now), time.Millisecond)
}

func (e *entry) step(now time.Time) {
	if !e.ends.IsZero() && !now.Before(e.ends) {
		e.stop()
	}
	if e.due.IsZero() || now.Before(e.due) {
		return
	}
	e.stop()
	e.effect.begin()
	e.on = e.effect.end != nil
	if e.on && e.span > 0 {
		e.ends = now.Add(e.span)
	}
	if e.due = e.due.Add(e.every); e.every == 0 {
		e.due = time.Time{}
	}
}

func (e *entry) stop() {
	if e.on {
		e.effect.end()
	}
	e.on, e.ends = false, time.Time{}
}

// clear ends all faults, those to come as well, and returns how many there were.
func (b *faultBook) clear() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.entries)
	for _, e := range b.entries {
		e.stop()
	}
	b.entries = nil
	return n
}

// standing is one line of GET /control/faults.
type standing struct {
	ID     int    `json:"id"`
	Fault  string `json:"fault"`
	State  string `json:"state"` // waiting, on or over
	Struck int64  `json:"struck"`
}

func (b *faultBook) list() []standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := []standing{}
	for _, e := range b.entries {
		state := "over"
		if e.on {
			state = "on"
		} else if !e.due.IsZero() {
			state = "waiting"
		}
		list = append(list, standing{ID: e.id, Fault: e.text, State: state, Struck: e.struck.Load()})
	}
	return list
}
