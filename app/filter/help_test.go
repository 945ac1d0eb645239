package filter_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/filter"
)

var origin = &event.Origin{
	InstanceUUID: "8c1e3f7a-0000-4000-8000-1f2e3d4c5b6a", Source: "https://vcenter.example.com/sdk", Name: "Rechenzentrum \"Süd\"", APIVersion: "8.0.3.0",
}

// made is an event with this data.
func made(data string) *event.Event {
	return &event.Event{
		Origin: origin, Key: 18, Created: time.Date(2026, 11, 20, 9, 12, 24, 46512000, time.UTC), Class: "VmPoweredOnEvent", Severity: "info",
		Entity: event.Ref{Type: "VirtualMachine", Value: "vm-62"}, Data: []byte(data),
	}
}

// golden are the events of samples/events.
func golden(t testing.TB) []*event.Event {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "samples", "events", "*.json"))
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d golden events: %v", len(files), err)
	}
	events := make([]*event.Event, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, fromSample(t, text))
	}
	return events
}

// fromSample makes the event of which the sample was written, and proves it by writing it again.
func fromSample(t testing.TB, text []byte) *event.Event {
	t.Helper()
	var sample struct {
		Source, Subject, EventClass, VSphereAPIVersion, VCenter, VCName, Entity, Severity string
		Time                                                                              time.Time
		Data                                                                              json.RawMessage
	}
	var data struct {
		TypeName string `json:"_typeName"`
		Key      int32
	}
	var compact, again bytes.Buffer
	if json.Unmarshal(text, &sample) != nil || json.Unmarshal(sample.Data, &data) != nil || json.Compact(&compact, sample.Data) != nil {
		t.Fatalf("sample is no event: %s", text)
	}
	e := &event.Event{
		Origin: &event.Origin{InstanceUUID: sample.VCenter, Source: sample.Source, Name: sample.VCName, APIVersion: sample.VSphereAPIVersion},
		Key:    data.Key, Created: sample.Time, Class: data.TypeName, Severity: sample.Severity, Data: compact.Bytes(),
	}
	if sample.EventClass != "event" {
		e.TypeID = sample.Subject
	}
	e.Entity.Type, e.Entity.Value, _ = strings.Cut(sample.Entity, ":")
	if json.Compact(&again, text) != nil || again.String() != string(event.AppendCloudEvent(nil, e)) {
		t.Fatalf("the event of sample %s is written otherwise", sample.Subject)
	}
	return e
}

func celFilter(t testing.TB, expression string) *filter.Filter {
	t.Helper()
	f, err := filter.CEL(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return f
}

func patternFilter(t testing.TB, pattern string) *filter.Filter {
	t.Helper()
	f, err := filter.Pattern([]byte(pattern))
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return f
}

// matched are the names of the events that match, without any doubt.
func matched(t testing.TB, f *filter.Filter, events []*event.Event) string {
	t.Helper()
	var names []string
	for _, e := range events {
		matches, err := f.Match(e)
		if err != nil {
			t.Errorf("%s: %v", e.Name(), err)
		}
		if matches {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}
