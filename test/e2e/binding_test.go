//go:build e2e

package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

// poisoned is the key of an event that a function always fails.
const poisoned = 50

// The relay calls functions through an output binding. They fail now and then, and one event for good.
func TestFunctionsBehindABindingGetEveryEventInOrderAndOnePoisonedIsDeadLettered(t *testing.T) {
	for name, host := range map[string]struct {
		target, mode, path string
		status             int // for the poisoned event
	}{
		"OpenFaaS":         {"binding://functions?operation=post&path=/function/vm-tag", "structured", "/function/vm-tag", http.StatusUnprocessableEntity},
		"OpenFaaS, queued": {"binding://functions?path=/async-function/vm-tag", "binary", "/async-function/vm-tag", http.StatusInternalServerError},
		"Knative's broker": {"binding://functions?operation=post&path=/vcenter/default", "binary", "/vcenter/default", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := startGateway(t)
			gateway.flaky = true
			gateway.poison = func(e cloudevents.Event) int {
				if strings.HasPrefix(e.Type(), "com.vmware.") && dataKey(e) == poisoned {
					return host.status
				}
				return 0
			}
			stack := startStackOn(t, withBackend(t, gateway.component()), map[string]map[string]string{
				"vcsim": {"VCRELAY_VCSIM_HISTORY": "1000", "VCRELAY_VCSIM_RATE": "20"},
				"vcrelay": {
					"VCRELAY_TARGET": host.target, "VCRELAY_MODE": host.mode, "VCRELAY_DEADLETTER": "pubsub://events/vcenter-deadletter",
				},
			}, "echo")
			stack.eventually("the poisoned event is announced and the position comes past it", patience, func() bool {
				return len(announced(gateway)) > 0 && stack.storedKey() > 1000
			})
			log := stack.quiet()
			stack.eventually("all others are taken", patience, func() bool { return len(missing(gateway, log)) <= 1 })

			if left := missing(gateway, log); len(left) != 1 || !strings.Contains(left[0], "-"+strconv.Itoa(poisoned)+"-") {
				t.Errorf("not taken were %v", left)
			}
			checkCalls(t, gateway, host.path, host.mode)
			checkOrder(t, gateway)
			letters := stack.stored("vcenter-deadletter")
			if len(letters) != 1 || keyOf(t, letters[0]) != poisoned || !strings.Contains(letters[0], "the function says "+strconv.Itoa(host.status)) {
				t.Errorf("%d dead letters: %.1000s", len(letters), letters)
			}
			if told := announced(gateway); len(told) != 1 || dataKey(told[0]) != poisoned {
				t.Errorf("%d announcements: %v", len(told), told)
			}
			t.Logf("%d events taken with %d calls", len(log)-1, len(gateway.called()))
		})
	}
}

// quiet stops the workload and returns the ids of all events that there were.
func (s *stack) quiet() []string {
	s.t.Helper()
	simulator := s.simulator()
	if err := simulator.SetRate(s.t.Context(), 0); err != nil {
		s.t.Fatal(err)
	}
	log, err := simulator.Log(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return log
}

func dataKey(e cloudevents.Event) int {
	var data struct{ Key int }
	if json.Unmarshal(e.Data(), &data) != nil {
		return -1
	}
	return data.Key
}

// announced are the announcements of dead letters that the gateway took.
func announced(g *gateway) (told []cloudevents.Event) {
	for _, c := range g.taken() {
		if c.event.Type() == "com.vcrelay.deadlettered.v1" {
			told = append(told, c.event)
		}
	}
	return told
}

// missing are the ids of the log that the gateway did not take.
func missing(g *gateway, log []string) []string {
	ids := make(map[string]bool)
	for _, c := range g.taken() {
		ids[c.event.ID()] = true
	}
	return slices.DeleteFunc(slices.Clone(log), func(id string) bool { return ids[id] })
}

// checkCalls looks at what is told of an event in either mode.
func checkCalls(t *testing.T, g *gateway, path, mode string) {
	t.Helper()
	for _, c := range g.called() {
		if c.status == http.StatusBadRequest && dataKey(c.event) != poisoned {
			t.Fatalf("no CloudEvent came: %v %.300s", c.header, c.body)
		}
		kind, id := c.header.Get("Content-Type"), c.header.Get("Ce-Id")
		if c.path != path || (mode == "structured") != (kind == event.ContentType) || (mode == "binary") != (id != "" && kind == "application/json") {
			t.Fatalf("%s with content type %s and Ce-Id %q in mode %s", c.path, kind, id, mode)
		}
		if c.event.Extensions()["vcenter"] == nil || c.event.Subject() == "" || !json.Valid(c.event.Data()) {
			t.Fatalf("the event is not whole: %v", c.event)
		}
	}
}

// checkOrder looks at the order in which events of each object were taken, first copies only.
func checkOrder(t *testing.T, g *gateway) {
	t.Helper()
	last, seen := make(map[any]string), make(map[string]bool)
	for _, c := range g.taken() {
		entity, sequence := c.event.Extensions()["entity"], c.event.Extensions()["sequence"].(string)
		if entity == nil || seen[c.event.ID()] {
			continue
		}
		seen[c.event.ID()] = true
		if sequence < last[entity] {
			t.Errorf("%s: %s was taken after %s", entity, sequence, last[entity])
		}
		last[entity] = sequence
	}
}

// Nothing on the way through the sidecar changes an event.
func TestABindingDeliversBodyAndHeadersExactly(t *testing.T) {
	t.Parallel()
	gateway := startGateway(t)
	dapr, hangUp, err := publish.Dial(address(sidecar(t, gateway.component())), "")
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp()
	e := relaytest.NewEvent(7, "vm-62")
	e.Origin = &event.Origin{InstanceUUID: "3c0f7a10", Source: "https://vc/sdk", Name: `Zürich "1" 50 %`, APIVersion: "8.0.3.0"}
	e.Class, e.TypeID, e.Late = event.ClassEventEx, "com.example/ünsafe?x=1&y", true
	e.Data = []byte(`{"n":12345678901234567890,"html":"<a href=\"x\">&amp;</a>","text":"Grüße 💡\u2028","spaced" : [ 1 , 2 ]}`)
	want, err := event.Attributes(&e)
	if err != nil {
		t.Fatal(err)
	}
	for mode, binary := range map[string]bool{"structured": false, "binary": true} {
		b := publish.NewBinding(dapr, publish.BindingOptions{
			Component: "functions", Operation: "post", Binary: binary, Metadata: map[string]string{"path": "/function/" + mode, "X-Trace": "{name}"},
		})
		if err := b.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.Publish(t.Context(), []event.Event{e}); err != nil {
			t.Fatal(err)
		}
		calls := gateway.taken()
		c := calls[len(calls)-1]
		if c.header.Get("X-Trace") != "com.example%2F%C3%BCnsafe%3Fx%3D1%26y" {
			t.Errorf("%s: X-Trace is %s", mode, c.header.Get("X-Trace"))
		}
		if !binary {
			if whole := string(event.AppendCloudEvent(nil, &e)); c.body != whole {
				t.Errorf("the body is\n%s\nwant\n%s", c.body, whole)
			}
			continue
		}
		got := map[string]string{"datacontenttype": c.header.Get("Content-Type")}
		for name, values := range c.header {
			if attribute, found := strings.CutPrefix(name, "Ce-"); found {
				if got[strings.ToLower(attribute)], err = url.PathUnescape(values[0]); err != nil || len(values) != 1 {
					t.Errorf("%s: %q", name, values)
				}
			}
		}
		if c.body != string(e.Data) || !maps.Equal(got, want) {
			t.Errorf("the body is\n%s\nthe attributes are\n%v\nwant\n%v", c.body, got, want)
		}
	}
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// What the relay relies on holds for Dapr pub/sub on JetStream and for an HTTP binding in both modes.
func TestDaprTargetsArePublishers(t *testing.T) {
	t.Parallel()
	gateway := startGateway(t)
	var mu sync.Mutex
	refused := make(map[string]bool)
	gateway.poison = func(e cloudevents.Event) int {
		mu.Lock()
		defer mu.Unlock()
		if refused[e.ID()] {
			return http.StatusUnprocessableEntity
		}
		return 0
	}
	stack := startStackOn(t, withBackend(t, gateway.component()), nil, "vcsim", "echo")
	dapr, hangUp, err := publish.Dial(address(stack.GRPCPort("vcrelay")), "")
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp()
	var next atomic.Int32
	next.Store(1 << 20)
	letters := func() []relaytest.Message { return parseAll(stack.stored("vcenter-deadletter")) }

	t.Run("pub/sub", func(t *testing.T) {
		topic := publish.NewPubSub(dapr, publish.PubSubOptions{Component: "events", Topic: "vcenter"})
		if err := topic.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		relaytest.PublisherSuite(t, relaytest.Target{
			Publisher: topic,
			Refused: func() event.Event {
				e := relaytest.NewEvent(next.Add(1), "vm-1")
				e.Data = []byte(`{"large":"` + strings.Repeat("x", 2<<20) + `"}`) // more than JetStream takes
				return e
			},
			Taken: func() []relaytest.Message { return parseAll(stack.stored("vcenter")) },
			Aside: letters,
			Hold:  func() func() { return stack.freezeWhole("broker") },
		})
	})
	for mode, binary := range map[string]bool{"structured": false, "binary": true} {
		t.Run("binding, "+mode, func(t *testing.T) {
			b := publish.NewBinding(dapr, publish.BindingOptions{
				Component: "functions", Operation: "post", Binary: binary, Metadata: map[string]string{"path": "/function/" + mode},
				Letters: publish.NewPubSub(dapr, publish.PubSubOptions{Component: "events", Topic: "vcenter-deadletter"}),
			})
			if err := b.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			relaytest.PublisherSuite(t, relaytest.Target{
				Publisher: b,
				Refused: func() event.Event {
					e := relaytest.NewEvent(next.Add(1), "vm-1")
					mu.Lock()
					defer mu.Unlock()
					refused[e.ID()] = true
					return e
				},
				Taken: func() []relaytest.Message { return messagesOf(gateway.taken()) },
				Aside: letters,
				Hold:  gateway.hold,
			})
		})
	}
}

// freezeWhole is freeze, and returns when no thread of the process runs any more: one that does may still answer a request.
func (s *stack) freezeWhole(name string) (thaw func()) {
	s.t.Helper()
	pid, _ := s.Process(name)
	thaw = s.freeze(name)
	s.eventually(name+" is stopped", readyTimeout, func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		return err == nil && !slices.ContainsFunc(threads, func(path string) bool {
			stat, err := os.ReadFile(path)
			return err == nil && !strings.Contains(string(stat), ") T ")
		})
	})
	return thaw
}

func parseAll(texts []string) (all []relaytest.Message) {
	for _, text := range texts {
		all = append(all, relaytest.ParseMessage([]byte(text)))
	}
	return all
}

func messagesOf(calls []call) (all []relaytest.Message) {
	for _, c := range calls {
		all = append(all, relaytest.Message{ID: c.event.ID(), Type: c.event.Type(), Data: c.event.Data()})
	}
	return all
}

// Without a place for dead letters an event that a function refuses is kept, and arrives when the function is mended.
func TestWithoutAPlaceForDeadLettersARefusedEventWaitsForTheFunction(t *testing.T) {
	t.Parallel()
	gateway := startGateway(t)
	var mended atomic.Bool
	gateway.poison = func(e cloudevents.Event) int {
		if dataKey(e) == poisoned && !mended.Load() {
			return http.StatusUnprocessableEntity
		}
		return 0
	}
	stack := startStackOn(t, withBackend(t, gateway.component()), map[string]map[string]string{
		"vcsim":   {"VCRELAY_VCSIM_HISTORY": "1000", "VCRELAY_VCSIM_RATE": "20"},
		"vcrelay": {"VCRELAY_TARGET": "binding://functions?operation=post&path=/function/vm-tag"},
	}, "echo")
	tries := func() (n int) {
		for _, c := range gateway.called() {
			if dataKey(c.event) == poisoned {
				n++
			}
		}
		return n
	}
	stack.eventually("it is tried again after it could not be set aside", patience, func() bool { return tries() > 5 })
	if key := stack.storedKey(); key >= poisoned {
		t.Errorf("the position is at key %d, past an event that nobody has", key)
	}
	mended.Store(true)
	stack.eventually("it arrives, and all behind it", patience, func() bool { return stack.storedKey() >= 1000 })
	if left := missing(gateway, stack.quiet()[:1000]); len(left) > 0 {
		t.Errorf("not taken were %v", left)
	}
	if told := announced(gateway); len(told) > 0 {
		t.Errorf("announced as dead letters: %v", told)
	}
}
