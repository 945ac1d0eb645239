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

	// AsideErr, when set, is asked before an event is set aside, after Err.
	AsideErr func() error

	mu     sync.Mutex
	taken  []event.Event
	aside  []event.Event
	calls  [][]event.Event
	onTake func(event.Event)
	held   chan struct{}
}

// Hold has calls wait until release is called, or until their context ends.
func (t *Topic) Hold() (release func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held := make(chan struct{})
	t.held = held
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		close(held)
		t.held = nil
	}
}

// wait blocks while calls are held, and returns why it did not until the end.
func (t *Topic) wait(ctx context.Context) error {
	t.mu.Lock()
	held := t.held
	t.mu.Unlock()
	if held == nil {
		return ctx.Err()
	}
	select {
	case <-held:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
	if err := t.wait(ctx); err != nil {
		return err
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
func (t *Topic) SetAside(ctx context.Context, e *event.Event, reason string) error {
	for _, failure := range []func() error{t.Err, t.AsideErr} {
		if failure == nil {
			continue
		}
		if err := failure(); err != nil {
			return err
		}
	}
	if err := t.wait(ctx); err != nil {
		return err
	}
	letter := *e
	letter.Data, letter.Refusal = bytes.Clone(e.Data), reason
	t.mu.Lock()
	defer t.mu.Unlock()
	t.aside = append(t.aside, letter)
	return nil
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
