package relaytest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/vcrelay/vcrelay/app/event"
)

// Topic is a target that keeps what it acknowledged. It is safe for concurrent use.
type Topic struct {
	// Err, when set, is asked before each call; when it returns an error the call fails, after the topic has taken the
	// first half of the events, as a broker may that fails in the middle.
	Err func() error

	// Refuse, when set, says which events a call is refused for, of which the others are taken.
	Refuse func(e *event.Event) bool

	mu     sync.Mutex
	taken  []event.Event
	aside  []event.Event
	calls  [][]event.Event
	onTake func(event.Event)
}

// OnTake has f called for each event that is taken.
func (t *Topic) OnTake(f func(event.Event)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onTake = f
}

// Publish is relay.Publisher.
func (t *Topic) Publish(ctx context.Context, events []event.Event) error {
	var err error
	if t.Err != nil {
		err = t.Err()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, append([]event.Event(nil), events...))
	if err != nil {
		events = events[:len(events)/2]
	}
	for _, e := range events {
		if t.Refuse != nil && t.Refuse(&e) {
			err = ErrRefused
			continue
		}
		e.Data = bytes.Clone(e.Data)
		t.taken = append(t.taken, e)
		if t.onTake != nil {
			t.onTake(e)
		}
	}
	return err
}

// ErrRefused is the answer to a call with an event that is refused.
var ErrRefused = errors.New("refused for what it is")

// SetAside is relay.Publisher.
func (t *Topic) SetAside(ctx context.Context, e *event.Event, _ string) error {
	if t.Err != nil {
		if err := t.Err(); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.aside = append(t.aside, *e)
	return ctx.Err()
}

// Aside is every event that was set aside, in order.
func (t *Topic) Aside() []event.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.aside)
}

// Taken is every event that was taken, in order.
func (t *Topic) Taken() []event.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]event.Event(nil), t.taken...)
}

// Calls is the events of each call.
func (t *Topic) Calls() [][]event.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([][]event.Event(nil), t.calls...)
}

// IDs counts how often each id was taken.
func (t *Topic) IDs() map[string]int {
	ids := make(map[string]int)
	for _, e := range t.Taken() {
		ids[e.ID()]++
	}
	return ids
}
