package vcenter_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

var update = flag.Bool("update", false, "write samples/events anew")

const samples = "../../samples/events"

// folders of the profiles in samples/events. Their files have the names of the events.
var folders = map[event.Profile]string{
	event.ProfileDefault: "", event.ProfileEventRouter: "event-router", event.ProfileKnative: "knative", event.ProfileKnativeXML: "knative-xml",
}

// TestTheSamplesAreWhatIsPublished holds samples/events, one CloudEvent for each kind of event that the simulated vCenter
// knows and for each profile, against what the reader makes of them.
func TestTheSamplesAreWhatIsPublished(t *testing.T) {
	server := simulateHistory(t)
	for profile, folder := range folders {
		written := make(map[string]bool)
		for _, e := range readHistory(t, server, profile) {
			name := e.Name()
			if written[name] {
				continue
			}
			written[name] = true
			compare(t, filepath.Join(samples, folder, name+".json"), &e)
		}
		files, err := filepath.Glob(filepath.Join(samples, folder, "*.json"))
		if err != nil || len(files) != len(written) {
			t.Errorf("samples/events/%s has %d files, the simulator %d kinds (%v)", folder, len(files), len(written), err)
		}
	}
}

// TestTheSamplesOfARefusedEventAreWhatIsPublished holds the samples of what the relay makes of an event that the target
// refuses: the announcement in its place, and the dead letter.
func TestTheSamplesOfARefusedEventAreWhatIsPublished(t *testing.T) {
	const reason = "nats: maximum payload exceeded"
	server := simulateHistory(t)
	for profile := range folders {
		for _, e := range readHistory(t, server, profile) {
			if e.Class != "VmReconfiguredEvent" {
				continue
			}
			aside := e.SetAside(reason)
			compare(t, filepath.Join(samples, "announcements", aside.Name()+".json"), &aside)
			e.Refusal = reason
			compare(t, filepath.Join(samples, "dead-letters", profile.String()+".json"), &e)
			break
		}
	}
	for folder, want := range map[string]int{"announcements": 1 + len(gaps), "dead-letters": len(folders)} {
		files, err := filepath.Glob(filepath.Join(samples, folder, "*.json"))
		if err != nil || len(files) != want {
			t.Errorf("samples/events/%s has %d files, want %d (%v)", folder, len(files), want, err)
		}
	}
}

// gaps are one announcement of each kind about a stretch of history.
var gaps = func() []event.Gap {
	from := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	to := from.Add(90 * time.Minute)
	return []event.Gap{
		{Kind: event.KindGap, Reason: "vCenter no longer has these events (purged)", FromKey: 4711, ToKey: 5000, From: from, To: to, Count: 288},
		{Kind: event.KindRewound, Reason: "vCenter's database is an older one: keys start anew (restored from backup)", FromKey: 5000, ToKey: 4712, From: to, To: to},
		{Kind: event.KindStalled, Reason: "vCenter had newer events and showed none; reading went on by slices of time", FromKey: 4711, ToKey: 5000, From: from, To: to},
		{Kind: event.KindCompressed, Reason: "vCenter's burst filter left out events that were alike", FromKey: 4711, ToKey: 4713, From: from, To: from, Count: 57},
		{Kind: event.KindStarted, Reason: "first start: what was created before toTime is not relayed (VCRELAY_START)", To: to},
	}
}()

func TestTheSamplesOfAnnouncementsAreWhatIsPublished(t *testing.T) {
	origin := &event.Origin{
		InstanceUUID: "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b", Source: "https://vcenter.example.com/sdk", Name: "vcenter.example.com", APIVersion: "8.0.3.0",
	}
	for _, gap := range gaps {
		announcement := must(gap.Announce(origin))
		compare(t, filepath.Join(samples, "announcements", announcement.Name()+".json"), &announcement)
	}
}

// simulateHistory runs a vCenter whose history is the same each time.
func simulateHistory(t *testing.T) *vcsim.Server {
	t.Helper()
	clock := time.Date(2026, 11, 20, 10, 12, 24, 46512000, time.UTC)
	return simulate(t, func(c *vcsim.Config) {
		c.InstanceUUID = "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b"
		c.History, c.HistorySpan, c.Seed = historyLength, time.Hour, 1
		c.Clock = func() time.Time { return clock }
	})
}

const historyLength = 1000

func readHistory(t *testing.T, server *vcsim.Server, profile event.Profile) []event.Event {
	t.Helper()
	source := connectAs(t, server, profile)
	origin := *must(source.Connect(t.Context()))
	origin.Source, origin.Name = "https://vcenter.example.com/sdk", "vcenter.example.com" // the port changes
	events := read(t, source, event.Position{}, historyLength)[:historyLength]
	for i := range events {
		events[i].Origin, events[i].Profile = &origin, profile
	}
	return events
}

// connectAs opens a source in the layout of a profile.
func connectAs(t *testing.T, server *vcsim.Server, profile event.Profile) *vcenter.Source {
	t.Helper()
	config := settings(t, server)
	config.Layout = profile.Layout()
	return connect(t, config)
}

func compare(t *testing.T, file string, e *event.Event) {
	t.Helper()
	got := indent(t, event.AppendCloudEvent(nil, e))
	if *update {
		write(t, file, got)
	}
	want, err := os.ReadFile(file) //nolint:gosec // a sample of ours
	if err != nil {
		t.Fatalf("%v; write it with: go test ./app/vcenter -update", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what is published now; if that is meant: go test ./app/vcenter -update\n%s", file, got)
	}
	var sample cloudevents.Event
	if err := json.Unmarshal(want, &sample); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := sample.Validate(); err != nil {
		t.Errorf("%s is no valid CloudEvent: %v", file, err)
	}
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // samples for everybody
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil { //nolint:gosec // a sample for everybody
		t.Fatal(err)
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
