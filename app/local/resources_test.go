package local_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/local"
)

func TestRewritingKeepsCommentsAndOtherDocuments(t *testing.T) {
	t.Parallel()
	other := "\nkind:   Subscription # odd   spacing is kept\nspec: {topic:   a}\n"
	content := jetstream + "---" + other + "--- # third\n" + strings.ReplaceAll(jetstream, "localhost", "[::1]")
	got := local.PointAt([]byte(content), map[string]string{"broker": "127.0.0.1:1"})
	want := strings.NewReplacer(`"nats://localhost:4222"`, "nats://127.0.0.1:1", `"nats://[::1]:4222"`, "nats://127.0.0.1:1").Replace(content)
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestOnlyJetStreamOnThisMachineIsRewritten(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"another host":      strings.ReplaceAll(jetstream, "localhost", "nats.example.com"),
		"one of two hosts":  strings.ReplaceAll(jetstream, "nats://localhost:4222", "nats://127.0.0.1:1,nats://10.0.0.1:1"),
		"another component": strings.ReplaceAll(jetstream, "pubsub.jetstream", "pubsub.redis"),
		"another kind":      strings.ReplaceAll(jetstream, "kind: Component", "kind: Subscription"),
		"a secret":          strings.ReplaceAll(jetstream, `value: "nats://localhost:4222"`, `secretKeyRef: {name: a, key: b}`),
		"no YAML":           jetstream + "\n\t: x",
		"empty":             "",
	} {
		if got := local.PointAt([]byte(content), map[string]string{"broker": "127.0.0.1:1"}); string(got) != content {
			t.Errorf("%s: changed:\n%s", name, got)
		}
	}
}

func TestReasonIsTheFatalLineWithoutItsDecoration(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lines []string
		want  string
	}{
		{nil, "it said nothing"},
		{[]string{"a", "b", ""}, "b"},
		{[]string{`level=error msg="first" x=y`, `level=info msg=later`}, "first"},
		{[]string{`level=fatal msg="it is \"so\"\n\tbroken" x=y`, `level=error msg="after"`}, `it is "so" broken`},
		{[]string{`level=error msg=word x=y`}, "word"},
		{[]string{`level=fatal msg="daprd: process: [INIT_FAILURE]: error occurred for a: [INIT_FAILURE]: error occurred for a: no such host" x=y`}, "process: error occurred for a: no such host"},
	} {
		if got := local.Reason(test.lines); got != test.want {
			t.Errorf("%q: got %q, want %q", test.lines, got, test.want)
		}
	}
}

func TestConsoleShowsSidecarLinesFromTheirLevelOnWithoutDecoration(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ level, line, want string }{
		{"warn", `time="x" level=warning msg="a \"b\"" scope=y`, `warning: a "b"`},
		{"warn", `time="x" level=info msg=quiet scope=y`, ""},
		{"warn", `time="x" level=warning msg="mTLS is disabled. Skipping" scope=y`, ""},
		{"info", `time="x" level=warning msg="mTLS is disabled. Skipping" scope=y`, "warning: mTLS is disabled. Skipping"},
		{"error", `time="x" level=warning msg="a b" scope=y`, ""},
		{"warn", "panic: runtime error", "panic: runtime error"},
	} {
		got, shown := local.SidecarView(test.level)(test.line)
		if got != test.want || shown != (test.want != "") {
			t.Errorf("%s %s: got %q, %v", test.level, test.line, got, shown)
		}
	}
}

func component(kind, key, value string) string {
	return "kind: Component\nspec:\n  type: " + kind + "\n  metadata:\n    - name: other\n      value: 127.0.0.1:1\n    - name: " + key + "\n      value: " + value + "\n"
}

func TestEachKindOfComponentIsPointedAtItsOwnBrokerAndKeepsAllElse(t *testing.T) {
	t.Parallel()
	addresses := map[string]string{
		"broker": "127.0.0.1:20001", "kafka": "127.0.0.1:20002", "redis": "127.0.0.1:20003",
		"rabbitmq": "127.0.0.1:20004", "mosquitto": "127.0.0.1:20005", "postgresql": "127.0.0.1:20006",
	}
	for _, test := range []struct{ kind, key, value, want string }{
		{"pubsub.jetstream", "natsURL", "nats://localhost:4222", "nats://127.0.0.1:20001"},
		{"pubsub.jetstream", "natsURL", "localhost,127.0.0.1:4223", "nats://127.0.0.1:20001"},
		{"pubsub.kafka", "brokers", "127.0.0.1:9092,localhost:9093", "127.0.0.1:20002"},
		{"bindings.kafka", "brokers", "localhost", "127.0.0.1:20002"},
		{"pubsub.redis", "redisHost", "localhost:6379", "127.0.0.1:20003"},
		{"state.redis", "redishost", "'[::1]:6379'", "127.0.0.1:20003"},
		{"pubsub.rabbitmq", "connectionString", "amqp://user:a%20b@localhost:5672/vhost?heartbeat=5", "amqp://user:a%20b@127.0.0.1:20004/vhost?heartbeat=5"},
		{"pubsub.mqtt3", "url", "mqtt://127.0.0.1", "mqtt://127.0.0.1:20005"},
		{"State.PostgreSQL", "connectionString", "host=127.0.0.1 port=5432 user=u dbname=d", "host=127.0.0.1 port=20006 user=u dbname=d"},
		{"state.postgresql", "connectionString", "user=u port=5432 host='localhost'", "user=u host=127.0.0.1 port=20006"},
		{"state.postgresql", "connectionString", "user=u host=localhost", "user=u host=127.0.0.1 port=20006"},
		{"state.postgresql", "connectionString", "postgres://u@localhost:5432/d?sslmode=disable", "postgres://u@127.0.0.1:20006/d?sslmode=disable"},
	} {
		got := string(local.PointAt([]byte(component(test.kind, test.key, test.value)), addresses))
		if want := component(test.kind, test.key, test.want); got != want {
			t.Errorf("%s %s:\n%s\nwant:\n%s", test.kind, test.value, got, want)
		}
		for name := range addresses {
			if strings.Contains(test.want, addresses[name]) {
				without := maps.Clone(addresses)
				delete(without, name)
				content := component(test.kind, test.key, test.value)
				if got := string(local.PointAt([]byte(content), without)); got != content {
					t.Errorf("%s is rewritten though the stack runs no %s:\n%s", test.kind, name, got)
				}
			}
		}
	}
}

func TestComponentsOfOtherMachinesAreLeftAlone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ kind, key, value string }{
		{"pubsub.kafka", "brokers", "127.0.0.1:9092,kafka.example.com:9092"},
		{"pubsub.redis", "redisHost", "10.0.0.1:6379"},
		{"pubsub.redis", "redisHost", "''"},
		{"pubsub.rabbitmq", "connectionString", "amqp://127.0.0.1@rabbit.example.com:5672/"},
		{"pubsub.mqtt3", "url", "mqtts://mqtt.example.com:8883"},
		{"state.postgresql", "connectionString", "user=u dbname=localhost host=db.example.com"},
		{"state.postgresql", "connectionString", "user=u service=localhost"},
		{"state.mysql", "connectionString", "host=localhost"},
	} {
		content := component(test.kind, test.key, test.value)
		if got := string(local.PointAt([]byte(content), map[string]string{
			"kafka": "x:1", "redis": "x:1", "rabbitmq": "x:1", "mosquitto": "x:1", "postgresql": "x:1",
		})); got != content {
			t.Errorf("%s %s was changed:\n%s", test.kind, test.value, got)
		}
	}
}
