package local_test

import (
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/local"
)

func TestRewritingKeepsCommentsAndOtherDocuments(t *testing.T) {
	t.Parallel()
	other := "\nkind:   Subscription # odd   spacing is kept\nspec: {topic:   a}\n"
	content := jetstream + "---" + other + "--- # third\n" + strings.ReplaceAll(jetstream, "localhost", "[::1]")
	got, changed := local.PointAt([]byte(content), "nats://127.0.0.1:1")
	if !changed {
		t.Fatal("not changed")
	}
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
		got, changed := local.PointAt([]byte(content), "nats://127.0.0.1:1")
		if changed || string(got) != content {
			t.Errorf("%s: changed %v:\n%s", name, changed, got)
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
