//go:build e2e

package backends_test

import (
	"bytes"
	"encoding/json"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

// busEvent is an event as a rule of EventBridge hands it to its target.
type busEvent struct {
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Detail     json.RawMessage `json:"detail"`
}

// target is the URL of a queue of its own that gets what matches the pattern.
func (m *moto) target(name, pattern string) (queue string) {
	m.t.Helper()
	queue, arn := m.queue(name)
	m.ask("events", "AWSEvents.PutRule", map[string]any{"Name": name, "EventBusName": "vcenter", "EventPattern": pattern})
	m.ask("events", "AWSEvents.PutTargets", map[string]any{"Rule": name, "EventBusName": "vcenter", "Targets": []any{map[string]any{"Id": "queue", "Arn": arn}}})
	return queue
}

// rule returns a function that takes what has come to such a queue.
func (m *moto) rule(name, pattern string) (come func() []busEvent) {
	m.t.Helper()
	queue := m.target(name, pattern)
	var all []busEvent
	return func() []busEvent {
		for _, body := range m.drain(queue) {
			var e busEvent
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				m.t.Fatalf("%s: %s", err, body)
			}
			all = append(all, e)
		}
		return all
	}
}

// publisher is what the relay publishes with.
func publisher(t *testing.T, stack *local.Stack) *publish.PubSub {
	t.Helper()
	dapr, hangUp, err := publish.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(stack.GRPCPort("vcrelay"))), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hangUp)
	target := publish.NewPubSub(dapr, publish.PubSubOptions{Component: "events", Topic: "vcenter"})
	if err := target.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return target
}

// onBus is a stack with components/aws-eventbridge, which runs the component.
func onBus(t *testing.T, m *moto) (*publish.PubSub, *local.Stack) {
	t.Helper()
	m.ask("events", "AWSEvents.CreateEventBus", map[string]any{"Name": "vcenter"})
	stack := startSidecars(t, m.folder("aws-eventbridge"), "  - {appID: vcrelay, appDirPath: .}\n")
	return publisher(t, stack), stack
}

// powered are events of two classes about ten machines.
func powered(from, n int) (events []event.Event) {
	for key := from; key < from+n; key++ {
		e := relaytest.NewEvent(int32(key), "vm-"+strconv.Itoa(key%10)) //nolint:gosec // few
		if key%2 == 0 {
			e.Class = "VmPoweredOffEvent"
		}
		events = append(events, e)
	}
	return events
}

func TestEventBridge(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"a rule has each event of its pattern once and whole":     aRuleHasEachEventOnceAndWhole,
		"it is a target as the relay wants one":                   eventBridgeIsATarget,
		"a killed component is started again without its sidecar": aComponentIsStartedAgain,
	} {
		t.Run(name, test)
	}
}

func aRuleHasEachEventOnceAndWhole(t *testing.T) {
	m := startMoto(t)
	target, _ := onBus(t, m)
	on := m.rule("on", `{"source": ["vcrelay.vcenter"], "detail-type": ["VmPoweredOnEvent"]}`)
	one := m.rule("one", `{"source": ["vcrelay.vcenter"], "detail": {"entity": [{"prefix": "VirtualMachine:vm-7"}]}}`)
	letters := m.rule("letters", `{"source": ["vcrelay.vcenter-deadletter"]}`)
	if target.KeepsOrder() || target.Type() != "pubsub.vcrelay.eventbridge" {
		t.Errorf("%s, and it keeps the order: %v", target.Type(), target.KeepsOrder())
	}
	events := powered(1, 250)
	for request := range slices.Chunk(events, 100) {
		if err := target.Publish(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	if err := target.SetAside(t.Context(), &events[0], "refused"); err != nil {
		t.Fatal(err)
	}
	want := make(map[string]event.Event)
	for _, e := range events {
		if e.Class == "VmPoweredOnEvent" {
			want[e.ID()] = e
		}
	}
	for _, got := range on() {
		id := relaytest.ParseMessage(got.Detail).ID
		e, wanted := want[id]
		if !wanted || got.DetailType != e.Class || !sameJSON(got.Detail, event.AppendCloudEvent(nil, &e)) {
			t.Errorf("not wanted, or twice, or not whole: %+v", got)
		}
		delete(want, id)
	}
	if len(want) > 0 || len(one()) != 25 || len(letters()) != 1 {
		t.Errorf("%d are missing; of one machine there are %d of 25; dead letters: %d of 1", len(want), len(one()), len(letters()))
	}
}

func eventBridgeIsATarget(t *testing.T) {
	m := startMoto(t)
	target, _ := onBus(t, m)
	events := m.rule("events", `{"source": ["vcrelay.vcenter"]}`)
	letters := m.rule("letters", `{"source": ["vcrelay.vcenter-deadletter"]}`)
	messages := func(come []busEvent) (all []relaytest.Message) {
		for _, e := range come {
			all = append(all, relaytest.ParseMessage(plain(e.Detail)))
		}
		return all
	}
	key := int32(1_000_000)
	relaytest.PublisherSuite(t, relaytest.Target{
		Publisher: target,
		Refused: func() event.Event {
			key++
			e := relaytest.NewEvent(key, "vm-1")
			e.Data = []byte(`{"note":"` + strings.Repeat("x", 1<<20) + `"}`)
			return e
		},
		Taken: func() []relaytest.Message { return messages(events()) },
		Aside: func() []relaytest.Message { return messages(letters()) },
		Hold:  m.freeze,
	})
	refused := relaytest.NewEvent(key+1, "vm-1")
	refused.Data = []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	if err := target.Publish(t.Context(), []event.Event{refused}); err == nil || !strings.Contains(err.Error(), "EventBridge takes less than 1048576") {
		t.Errorf("a refusal has no reason: %v", err)
	}
}

func aComponentIsStartedAgain(t *testing.T) {
	m := startMoto(t)
	target, stack := onBus(t, m)
	come := m.rule("events", `{"source": ["vcrelay.vcenter"]}`)
	if err := target.Publish(t.Context(), powered(1, 10)); err != nil {
		t.Fatal(err)
	}
	pid, _ := stack.Process("eventbridge")
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, "events are taken again", func() bool { return target.Publish(t.Context(), powered(11, 10)) == nil })
	ids := make(map[string]bool)
	for _, e := range come() {
		ids[relaytest.ParseMessage(e.Detail).ID] = true
	}
	if len(come()) != 20 || len(ids) != 20 {
		t.Errorf("on the bus are %d events with %d ids, want 20", len(come()), len(ids))
	}
}

// texts are the strings of a JSON text.
var texts = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// plain is a JSON text without the spaces and escapes that moto puts into it.
func plain(text []byte) []byte {
	var compact bytes.Buffer
	if json.Compact(&compact, text) != nil {
		return text
	}
	return texts.ReplaceAllFunc(compact.Bytes(), func(quoted []byte) []byte {
		var value string
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if json.Unmarshal(quoted, &value) != nil || encoder.Encode(value) != nil {
			return quoted
		}
		return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	})
}

func sameJSON(first, second []byte) bool {
	var a, b any
	return json.Unmarshal(first, &a) == nil && json.Unmarshal(second, &b) == nil && reflect.DeepEqual(a, b)
}
