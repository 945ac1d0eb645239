package local_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/local"
)

// withComponent has a resource of EventBridge, and a fake of the process that serves it.
func withComponent(t *testing.T) func(*local.Options) {
	return func(o *local.Options) {
		o.Component = fake(t, o.RunFile.Dir(), "component")
		write(t, filepath.Join(o.RunFile.Dir(), "res", "events.yaml"), "kind: Component\nspec: {type: state.sqlite}\n--- # two\nkind: Component\nspec:\n  type: pubsub.vcrelay.eventbridge\n")
	}
}

var seen = regexp.MustCompile(`one/daprd +\| sees (\S+)\n`)

func TestAComponentListensBeforeSidecarsStartAndStopsAfterThem(t *testing.T) {
	t.Parallel()
	s := set(t, withComponent(t), "one: wait")
	s.runReady(t)
	if !strings.Contains(s.output.String(), "asked for [component eventbridge]") {
		t.Errorf("the program was not told what to serve:\n%s", s.output)
	}
	socket := seen.FindStringSubmatch(s.output.String())
	if socket == nil {
		t.Fatalf("the sidecar saw no socket at its start:\n%s", s.output)
	}
	before := s.pid(t, "eventbridge")
	_ = os.Remove(socket[1]) // the real one takes the socket of a killed one away by itself
	kill(t, before)
	eventually(t, "the component again", func() bool {
		_, err := os.Stat(socket[1])
		return err == nil && s.pid(t, "eventbridge") != before
	})
	s.stop()
	if err := s.end(t); err != nil {
		t.Fatal(err)
	}
	said := s.output.String()
	if sidecar, component := strings.LastIndex(said, "one/daprd   | stopped"), strings.LastIndex(said, "eventbridge | stopped"); sidecar < 0 || component < sidecar {
		t.Errorf("the component was not stopped after the sidecar:\n%s", said)
	}
	if _, err := os.Stat(filepath.Dir(socket[1])); !os.IsNotExist(err) {
		t.Errorf("the folder of the socket is left: %v", err)
	}
}

func TestAComponentThatNeverListensEndsTheRunBeforeSidecarsStart(t *testing.T) {
	t.Parallel()
	s := set(t, withComponent(t), "one: wait")
	write(t, filepath.Join(s.dir, "broken"), "")
	s.run(t)
	want := "component eventbridge ended 3 times before it listened: it cannot listen"
	if err := s.end(t); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if strings.Contains(s.output.String(), "arguments") {
		t.Errorf("a sidecar was started:\n%s", s.output)
	}
}

func TestNoComponentRunsWhereNoneIsNeeded(t *testing.T) {
	t.Parallel()
	s := set(t, nil, "one: wait")
	s.runReady(t)
	if _, runs := s.stack.Process("eventbridge"); runs {
		t.Error("a component runs")
	}
}
