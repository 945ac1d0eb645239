package relaytest

import (
	"context"
	"sync"

	"github.com/vcrelay/vcrelay/app/event"
)

// Topic is a target that keeps what it acknowledged. It is safe for concurrent use.
type Topic struct {
	// Err, when set, is asked before each call; when it returns an error the call fails, after the topic has taken the
	// first half of the events, as a broker may that fails in the middle.
	Err func() error

	mu     sync.Mutex
	taken  []event.Event
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
		t.taken = append(t.taken, e)
		if t.onTake != nil {
			t.onTake(e)
		}
	}
	return err
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
