//go:build e2e

package backends_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/test/backends"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

// fullQueue is a queue of the function echo that refuses what goes beyond three events.
const fullQueue = `{
  "queues": [{"vhost": "/", "name": "echo-vcenter", "durable": true, "auto_delete": false, "arguments": {"x-queue-type": "classic"}}],
  "bindings": [{"source": "vcenter", "vhost": "/", "destination": "echo-vcenter", "destination_type": "queue", "routing_key": "", "arguments": {}}],
  "policies": [{"vhost": "/", "name": "full", "pattern": "^echo-vcenter$", "apply-to": "queues", "priority": 0, "definition": {"max-length": 3, "overflow": "reject-publish"}}]
}`

// Without our patch the component says yes to all of them: of 4 that were sent, 1 was stored and 4 were acknowledged by a queue
// for one, and with VCRELAY_DAPRD=stock this test fails.
func TestWhatAFullQueueOfRabbitMQRefusesIsSentAgainUntilThereIsRoom(t *testing.T) {
	resources := rabbitmq(t, fullQueue)
	v := serveVCenter(t, vcsim.Config{History: 30, VMs: 50, Hosts: 5})
	env := v.relay()
	env["VCRELAY_LISTEN"], env["VCRELAY_START"] = teststack.FreeAddress(t), "oldest"
	target := publisher(t, startSidecars(t, resources, relayApp(t, env)))
	within(t, "the queue is full, and the sidecar says so", func() bool { return target.Publish(t.Context(), powered(1, 1)) != nil })
	_, ledger := startEcho(t, resources+", "+echoFolder(t))
	within(t, "all events reach the function", func() bool { return len(missing(ledger(), v.ids())) == 0 })
}

// Without definitions.json RabbitMQ would say yes to all of them and forget them.
func TestWhatNoQueueOfRabbitMQWantsIsKeptInAQueueOfItsOwn(t *testing.T) {
	resources := rabbitmq(t, "{}")
	relay := startSidecars(t, resources, "  - {appID: vcrelay, appDirPath: .}\n")
	events := powered(1, 40)
	target := publisher(t, relay)
	for i := range events {
		if err := target.Publish(t.Context(), events[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	unrouted := t.TempDir()
	text := "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: unrouted}\nspec:\n  pubsubname: events\n  topic: vcenter-unrouted\n" +
		"  metadata: {queueName: vcenter-unrouted}\n  routes: {default: /echo}\n"
	if err := os.WriteFile(filepath.Join(unrouted, "subscription.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, ledger := startEcho(t, resources+", "+unrouted)
	within(t, "all are in the queue vcenter-unrouted", func() bool { return len(missing(ledger(), ids(events))) == 0 })
	if got := ledger(); len(got) != len(events) {
		t.Errorf("%d events in the queue, want %d", len(got), len(events))
	}
}

// rabbitmq runs the broker with components/rabbitmq/definitions.json and more, and returns the folder pointed at it.
func rabbitmq(t *testing.T, more string) (resources string) {
	t.Helper()
	b, _ := backends.Find("rabbitmq")
	definitions := filepath.Join(t.TempDir(), "definitions.json")
	text, err := json.Marshal(joined(t, more))
	if err == nil {
		err = os.WriteFile(definitions, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return startBackend(t, b, "VCRELAY_RABBITMQ_DEFINITIONS="+definitions)
}

// startBackend runs the brokers of a backend until the test ends, and returns its folder pointed at them.
func startBackend(t *testing.T, b backends.Backend, env ...string) (resources string) {
	t.Helper()
	c := &certification{Backend: b, t: t, dir: t.TempDir()}
	c.brokers = newBrokers(t, &b, c.dir, env)
	c.startBrokers()
	return c.pointedResources()
}

// joined has the lists of both definitions.
func joined(t *testing.T, more string) map[string][]any {
	t.Helper()
	ours, err := os.ReadFile("../../components/rabbitmq/definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	all, added := map[string][]any{}, map[string][]any{}
	for text, into := range map[string]*map[string][]any{string(ours): &all, more: &added} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	for name := range added {
		all[name] = append(all[name], added[name]...)
	}
	return all
}

func relayApp(t *testing.T, env map[string]string) string {
	t.Helper()
	text, err := json.Marshal(env) // which is YAML too
	if err != nil {
		t.Fatal(err)
	}
	return "  - {appID: vcrelay, appDirPath: ., command: [" + teststack.Binary(t) + ", run], env: " + string(text) + "}\n"
}

// startEcho runs the function until the test ends, and returns what tells the ids that it has seen.
func startEcho(t *testing.T, resources string) (stack *local.Stack, ledger func() []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "delivered.ids")
	_, port, _ := net.SplitHostPort(teststack.FreeAddress(t))
	stack = startSidecars(t, resources, "  - {appID: echo, appDirPath: ., appPort: "+port+", command: ["+teststack.Binary(t)+", function, echo], "+
		"env: {VCRELAY_ECHO_LEDGER: "+path+"}}\n")
	return stack, func() []string {
		text, _ := os.ReadFile(path)
		return strings.Fields(string(text))
	}
}

func echoFolder(t *testing.T) string {
	t.Helper()
	return filepath.Join(root(t), "functions/echo/dapr")
}

func ids(events []event.Event) (all []string) {
	for i := range events {
		all = append(all, events[i].ID())
	}
	return all
}

// missing are those of want that got does not have.
func missing(got, want []string) (left []string) {
	there := make(map[string]bool, len(got))
	for _, id := range got {
		there[id] = true
	}
	for _, id := range want {
		if !there[id] {
			left = append(left, id)
		}
	}
	return left
}
