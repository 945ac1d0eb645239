package vcenter_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

var update = flag.Bool("update", false, "write samples/events anew")

const samples = "../../samples/events"

// TestTheSamplesAreWhatIsPublished holds samples/events, one CloudEvent for each kind of event that the simulated vCenter
// knows, against what the reader makes of them.
func TestTheSamplesAreWhatIsPublished(t *testing.T) {
	clock := time.Date(2026, 11, 20, 10, 12, 24, 46512000, time.UTC)
	server := simulate(t, func(c *vcsim.Config) {
		c.InstanceUUID = "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b"
		c.History, c.HistorySpan, c.Seed = 1000, time.Hour, 1
		c.Clock = func() time.Time { return clock }
	})
	source := connect(t, settings(t, server))
	origin := *must(source.Connect(t.Context()))
	origin.Source, origin.Name = "https://vcenter.example.com/sdk", "vcenter.example.com" // the port changes

	written := make(map[string]bool)
	for _, e := range read(t, source, event.Position{}, 1000)[:1000] {
		name := e.Name()
		if written[name] {
			continue
		}
		written[name] = true
		e.Origin = &origin
		compare(t, filepath.Join(samples, name+".json"), indent(t, event.AppendCloudEvent(nil, &e)))
	}
	files, err := filepath.Glob(samples + "/*.json")
	if err != nil || len(files) != len(written) {
		t.Errorf("samples/events has %d files, the simulator %d kinds (%v)", len(files), len(written), err)
	}
}

func compare(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil { //nolint:gosec // a sample for everybody
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file) //nolint:gosec // a sample of ours
	if err != nil {
		t.Fatalf("%v; write it with: go test ./app/vcenter -update", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what is published now; if that is meant: go test ./app/vcenter -update\n%s", file, got)
	}
}

func indent(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
