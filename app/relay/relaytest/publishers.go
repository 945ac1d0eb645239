package relaytest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
)

// Target is a target under test: the publisher, and what a suite has to do to what is behind it.
type Target struct {
	Publisher relay.Publisher

	Refused func() event.Event      // makes an event that the target refuses, another one each time
	Taken   func() []Message        // what the target has; it may be more than the suite published
	Aside   func() []Message        // what was set aside
	Hold    func() (release func()) // has the target answer no call until release
}

// Message is a CloudEvent as it is at a target.
type Message struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Refusal string          `json:"refusal"`
	Data    json.RawMessage `json:"data"`
}

// ParseMessage reads a CloudEvent in JSON format; what is none has no id.
func ParseMessage(text []byte) Message {
	var m Message
	if err := json.Unmarshal(text, &m); err != nil {
		return Message{}
	}
	return m
}

// NewEvent makes an event about a virtual machine.
func NewEvent(key int32, vm string) event.Event {
	return event.Event{
		Origin: Origin, Key: key, Created: time.Date(2026, 11, 20, 10, 0, 0, int(key)*int(time.Microsecond), time.UTC),
		Class: "VmPoweredOnEvent", Entity: event.Ref{Type: "VirtualMachine", Value: vm},
		Data: fmt.Appendf(nil, `{"_typeName":"VmPoweredOnEvent","key":%d,"fullFormattedMessage":"Grüße \"50 %%\" <ok> 💡"}`, key),
	}
}

// suiteKeys are another one for each event of each suite: a broker may drop an id that it knows.
var suiteKeys atomic.Int32

func newEvents(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = NewEvent(suiteKeys.Add(1), fmt.Sprintf("vm-%d", i))
	}
	return events
}

// PublisherSuite holds a publisher against what the relay relies on.
func PublisherSuite(t *testing.T, target Target) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, Target){
		"nil says that the target has all events":               allAreThere,
		"one event that is refused is an error":                 oneRefusedIsAnError,
		"the same events may be published again":                publishedAgain,
		"an event is set aside whole and with the reason":       asideIsWhole,
		"the end of the context ends a call":                    contextEndsACall,
		"a call whose context has ended acknowledges nothing":   endedContext,
		"calls side by side do not disturb each other":          callsSideBySide,
		"a call that fails keeps no other one from getting by":  failureStaysAlone,
		"an event's data is neither kept nor changed by a call": dataIsLeftAlone,
	} {
		t.Run(name, func(t *testing.T) { check(t, target) })
	}
}

func allAreThere(t *testing.T, target Target) {
	events := newEvents(10)
	publish(t, target, events)
	wantTaken(t, target, events)
}

func oneRefusedIsAnError(t *testing.T, target Target) {
	refused := target.Refused()
	for _, events := range [][]event.Event{{refused}, append(newEvents(2), refused), append([]event.Event{target.Refused()}, newEvents(2)...)} {
		if err := target.Publisher.Publish(t.Context(), events); err == nil {
			t.Errorf("%d events with one that the target refuses: no error", len(events))
		}
	}
	if slices.ContainsFunc(target.Taken(), func(m Message) bool { return m.ID == refused.ID() }) {
		t.Error("the target has the event that it refused: the test tests nothing")
	}
}

func publishedAgain(t *testing.T, target Target) {
	events := newEvents(3)
	for range 2 {
		publish(t, target, events)
	}
	wantTaken(t, target, events)
}

func asideIsWhole(t *testing.T, target Target) {
	const reason = `answered "422 Unprocessable", 50 % of it`
	e := newEvents(1)[0]
	if err := target.Publisher.SetAside(t.Context(), &e, reason); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(target.Aside(), func(m Message) bool { return m.ID == e.ID() })
	if i < 0 {
		t.Fatal("it is not where dead letters go")
	}
	letter := target.Aside()[i]
	if letter.Refusal != reason || letter.Type != e.Type() || string(letter.Data) != string(e.Data) {
		t.Errorf("set aside is %+v with data %s", letter, letter.Data)
	}
	if e.Refusal != "" {
		t.Error("the event itself was changed")
	}
	if slices.ContainsFunc(target.Taken(), func(m Message) bool { return m.ID == e.ID() }) {
		t.Error("it is among the events that were taken")
	}
}

func contextEndsACall(t *testing.T, target Target) {
	release := target.Hold()
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- target.Publisher.Publish(ctx, newEvents(1)) }()
	select {
	case err := <-ended:
		t.Fatalf("the call did not wait for the target: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("no error though the target had not answered")
	}
}

func endedContext(t *testing.T, target Target) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := newEvents(1)
	if err := target.Publisher.Publish(ctx, e); err == nil {
		t.Error("Publish: no error")
	}
	if err := target.Publisher.SetAside(ctx, &e[0], "reason"); err == nil {
		t.Error("SetAside: no error")
	}
}

func callsSideBySide(t *testing.T, target Target) {
	events := newEvents(64)
	results := make(chan error, len(events))
	for i := range events {
		go func() { results <- target.Publisher.Publish(t.Context(), events[i:i+1]) }()
	}
	for range events {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	wantTaken(t, target, events)
}

func failureStaysAlone(t *testing.T, target Target) {
	if err := target.Publisher.Publish(t.Context(), []event.Event{target.Refused()}); err == nil {
		t.Error("an event that the target refuses: no error")
	}
	events := newEvents(1)
	publish(t, target, events)
	wantTaken(t, target, events)
}

func dataIsLeftAlone(t *testing.T, target Target) {
	events := newEvents(1)
	before := string(events[0].Data)
	publish(t, target, events)
	if string(events[0].Data) != before {
		t.Errorf("the data is %s after the call", events[0].Data)
	}
	clear(events[0].Data) // the page that it stands in is used again
	for _, m := range target.Taken() {
		if m.ID == events[0].ID() && string(m.Data) != before {
			t.Errorf("the target has %s", m.Data)
		}
	}
}

func publish(t *testing.T, target Target, events []event.Event) {
	t.Helper()
	if err := target.Publisher.Publish(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

func wantTaken(t *testing.T, target Target, events []event.Event) {
	t.Helper()
	data := make(map[string]string)
	for _, m := range target.Taken() {
		data[m.ID] = string(m.Data)
	}
	for i := range events {
		if got := data[events[i].ID()]; got != string(events[i].Data) {
			t.Errorf("of event %d the target has %q, want %s", events[i].Key, got, events[i].Data)
		}
	}
}
