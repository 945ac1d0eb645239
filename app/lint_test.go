package main

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/cli"
	"github.com/vcrelay/vcrelay/app/lint"
)

// linted runs the command, and returns what it printed.
func linted(t *testing.T, options cli.Lint) (string, error) {
	t.Helper()
	printed, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer printed.Close()
	before := os.Stdout
	os.Stdout = printed
	result := runLint(t.Context(), options)
	os.Stdout = before
	text, err := os.ReadFile(printed.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text), result
}

func rule(name string) string { return filepath.Join("lint", "testdata", "rules", name) }

func TestLintFailsForErrorsAndWithStrictForWarnings(t *testing.T) {
	for _, c := range []struct {
		name    string
		options cli.Lint
		code    int
		printed string
	}{
		{"an error", cli.Lint{Folders: []string{rule("kafka-version")}}, 1, "error: version is 2.0.1"},
		{"a warning", cli.Lint{Folders: []string{rule("mqtt-retain")}}, 0, "warning: retain is true"},
		{"a strict warning", cli.Lint{Folders: []string{rule("mqtt-retain")}, Strict: true}, 1, "warning: retain is true"},
		{"a strict note", cli.Lint{Folders: []string{rule("mqtt-no-session")}, Strict: true}, 0, "note: "},
		{"a backend", cli.Lint{Folders: []string{"../components/nats", "../functions/echo/dapr"}, Strict: true}, 0, "note: "},
		{"no folder", cli.Lint{Folders: []string{"none"}}, 2, ""},
	} {
		printed, err := linted(t, c.options)
		code := 0
		if err != nil {
			code = exitCode(err)
		}
		if code != c.code || !strings.Contains(printed, c.printed) || c.code == 2 != errors.Is(err, lint.ErrUnreadable) {
			t.Errorf("%s: %d (%v), want %d:\n%s", c.name, code, err, c.code, printed)
		}
	}
}

func TestLintPrintsAnObjectForEachFindingWhenAskedForJSON(t *testing.T) {
	printed, err := linted(t, cli.Lint{Folders: []string{rule("kafka-version")}, JSON: true})
	var finding lint.Finding
	if !errors.Is(err, errDangerous) || json.Unmarshal([]byte(printed), &finding) != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	if finding.Rule != "kafka-version" || finding.Line != 16 || finding.Severity != lint.Error || finding.Remedy == "" || finding.Danger == "" {
		t.Errorf("%+v", finding)
	}
}

func TestLintPrintsWhatItFoundAlsoWhenABrokerDoesNotAnswer(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	for line, code := range map[string]int{"": 3, "    - {name: maxDeliver, value: \"3\"}\n": 1} {
		dir := t.TempDir()
		text := "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: events}\nspec:\n  type: pubsub.jetstream\n  metadata:\n" +
			"    - {name: natsURL, value: \"nats://" + gone.Addr().String() + "\"}\n    - {name: durableName, value: \"{appID}\"}\n" +
			"    - {name: queueGroupName, value: \"{appID}\"}\n    - {name: ackWait, value: 30s}\n" + line
		if err := os.WriteFile(filepath.Join(dir, "pubsub.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		printed, err := linted(t, cli.Lint{Folders: []string{dir}, Broker: true})
		if err == nil || !strings.Contains(printed, "jetstream-sync") || !errors.Is(err, lint.ErrNoAnswer) || exitCode(err) != code {
			t.Errorf("%v, want the code %d:\n%s", err, code, printed)
		}
	}
}
