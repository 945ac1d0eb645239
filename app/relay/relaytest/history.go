package relaytest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
)

// History is a vCenter's history with readers that behave like vCenter's: a page that was asked for is gone, whether or
// not its answer arrives. It is safe for concurrent use.
type History struct {
	PageSize int

	// OpenErr and NextErr, when set, are asked before each call and make it fail when they return an error.
	OpenErr, NextErr func() error

	mu     sync.Mutex
	events []event.Event
	opened int
}

// Origin of the events that NewHistory makes.
var Origin = &event.Origin{InstanceUUID: "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b", Source: "https://vcenter/sdk", Name: "fake", APIVersion: "8.0.3.0"}

// NewHistory returns a history of n events, a second apart from begin on, about that many entities in turn.
func NewHistory(n, entities int, begin time.Time) *History {
	h := &History{PageSize: 10}
	for i := range n {
		h.Append(fmt.Sprintf("vm-%d", i%entities), begin.Add(time.Duration(i)*time.Second))
	}
	return h
}

// Append adds an event about entity ("" for none).
func (h *History) Append(entity string, created time.Time) {
	e := event.Event{Created: created}
	if entity != "" {
		e.Entity = event.Ref{Type: "VirtualMachine", Value: entity}
	}
	h.add(e)
}

// AppendData adds an event without entity, with that data, a second after the last one.
func (h *History) AppendData(data []byte) {
	created := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	if events := h.Events(); len(events) > 0 {
		created = events[len(events)-1].Created.Add(time.Second)
	}
	h.add(event.Event{Created: created, Data: data})
}

func (h *History) add(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.Origin, e.Class = Origin, "VmPoweredOnEvent"
	e.Key = int32(len(h.events) + 1) //nolint:gosec // small
	if e.Data == nil {
		e.Data = fmt.Appendf(nil, `{"key":%d}`, e.Key)
	}
	h.events = append(h.events, e)
}

// Events is a copy of the whole history.
func (h *History) Events() []event.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]event.Event(nil), h.events...)
}

// Opened is how many readers were opened.
func (h *History) Opened() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.opened
}

// Open is relay.Source.
func (h *History) Open(_ context.Context, after event.Position) (relay.Reader, error) {
	if h.OpenErr != nil {
		if err := h.OpenErr(); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.opened++
	return &reader{history: h, after: after}, nil
}

type reader struct {
	history  *History
	after    event.Position
	cursor   int
	finished bool
}

func (r *reader) Next(ctx context.Context) (event.Page, error) {
	if r.finished {
		panic("Next was called on a reader that had failed") //nolint:forbidigo // no test may get past it
	}
	page := r.page()
	if r.history.NextErr != nil {
		if err := r.history.NextErr(); err != nil {
			r.finished = true
			return event.Page{}, err // the cursor has moved
		}
	}
	if len(page) > 0 {
		return event.Page{Events: page}, nil
	}
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return event.Page{}, ctx.Err()
	case <-timer.C:
		return event.Page{}, nil
	}
}

func (r *reader) page() []event.Event {
	r.history.mu.Lock()
	defer r.history.mu.Unlock()
	var page []event.Event
	for ; r.cursor < len(r.history.events) && len(page) < r.history.PageSize; r.cursor++ {
		e := r.history.events[r.cursor]
		if !r.after.Done(e.Key, e.Created) && !e.Created.Before(r.after.ReadFrom()) {
			page = append(page, e)
		}
	}
	return page
}

func (r *reader) Close(context.Context) { r.finished = true }
