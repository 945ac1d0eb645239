package event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/app/event"
)

var origin = &event.Origin{
	InstanceUUID: "8c1e3f7a-0000-4000-8000-1f2e3d4c5b6a",
	Source:       "https://vcenter.example.com/sdk",
	Name:         "Rechenzentrum \"Süd\"",
	APIVersion:   "8.0.3.0",
}

var created = time.Date(2026, 11, 20, 10, 12, 24, 46512000, time.UTC)

func poweredOn() event.Event {
	return event.Event{
		Origin: origin, Key: 18, Created: created, Class: "VmPoweredOnEvent", Severity: "info",
		Entity: event.Ref{Type: "VirtualMachine", Value: "vm-62"},
		Data:   []byte(`{"_typeName":"VmPoweredOnEvent","key":18}`),
	}
}

func TestAnIDNamesTheVCenterTheKeyAndTheTime(t *testing.T) {
	e := poweredOn()
	if got, want := e.ID(), "8c1e3f7a-0000-4000-8000-1f2e3d4c5b6a-18-1795169544046512"; got != want {
		t.Errorf("ID() = %s, want %s", got, want)
	}
}

func TestEventsThatShareAKeyHaveDifferentIDs(t *testing.T) {
	seen := make(map[string]bool)
	elsewhere := *origin
	elsewhere.InstanceUUID = "9c1e3f7a-0000-4000-8000-1f2e3d4c5b6a"
	for _, from := range []*event.Origin{origin, &elsewhere} {
		for _, at := range []time.Time{created, created.Add(time.Microsecond)} {
			e := poweredOn()
			e.Origin, e.Created = from, at
			seen[e.ID()] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("two vCenters with the same key at two times made %d ids, want 4", len(seen))
	}
}

func TestACloudEventIsWhatTheSDKReads(t *testing.T) {
	e := poweredOn()
	e.Late = true
	read := parse(t, &e)
	attributes := map[string]string{
		read.ID():              e.ID(),
		read.Source():          "https://vcenter.example.com/sdk",
		read.Type():            "com.vmware.vsphere.VmPoweredOnEvent.v0",
		read.Subject():         "VmPoweredOnEvent",
		read.DataContentType(): "application/json",
		string(read.Data()):    string(e.Data),
	}
	for got, want := range attributes {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if !read.Time().Equal(created) {
		t.Errorf("time is %s, want %s", read.Time(), created)
	}
	extensions := map[string]any{
		"eventclass": "event", "vsphereapiversion": "8.0.3.0", "vcenter": origin.InstanceUUID, "vcname": origin.Name,
		"entity": "VirtualMachine:vm-62", "partitionkey": origin.InstanceUUID + "/VirtualMachine:vm-62",
		"sequence": "1795169544046512-0000000018", "severity": "info", "late": true,
	}
	if got := read.Extensions(); len(got) != len(extensions) {
		t.Errorf("extensions are %v", got)
	}
	for name, want := range extensions {
		if got := read.Extensions()[name]; got != want {
			t.Errorf("extension %s is %v, want %v", name, got, want)
		}
	}
}

func TestHostileNamesKeepTheCloudEventWhole(t *testing.T) {
	for _, hostile := range []string{"\"},\"data\":{}", "\\", "a\nb", "\x00", "\x7f", "\xff\xfe", "</script>", "ü", "\u2028"} {
		e := poweredOn()
		e.Class, e.TypeID = event.ClassEventEx, "com.example."+hostile
		e.Severity = hostile
		read := parse(t, &e)
		if read.ID() != e.ID() || string(read.Data()) != string(e.Data) {
			t.Errorf("%q changed the event: id %s, data %s", hostile, read.ID(), read.Data())
		}
	}
}

func TestTheNameOfAnEnvelopeClassIsItsTypeID(t *testing.T) {
	for class, want := range map[string]string{event.ClassEventEx: "eventex", event.ClassExtendedEvent: "extendedevent"} {
		e := poweredOn()
		e.Class, e.TypeID = class, "com.vmware.cis.tagging.attach"
		read := parse(t, &e)
		if read.Type() != "com.vmware.vsphere.com.vmware.cis.tagging.attach.v0" || read.Extensions()["eventclass"] != want {
			t.Errorf("%s: type %s, eventclass %v", class, read.Type(), read.Extensions()["eventclass"])
		}
	}
}

func TestAnEventWithoutEntityHasNoEntityAttribute(t *testing.T) {
	e := poweredOn()
	e.Entity = event.Ref{}
	read := parse(t, &e)
	if _, has := read.Extensions()["entity"]; has {
		t.Error("an empty attribute was written, which CloudEvents forbids")
	}
	if read.Extensions()["partitionkey"] != origin.InstanceUUID {
		t.Errorf("partitionkey is %v", read.Extensions()["partitionkey"])
	}
}

func TestSequenceSortsByTimeAcrossAWrapOfTheKey(t *testing.T) {
	before, after := poweredOn(), poweredOn()
	before.Key, after.Key = 2147483647, -2147483648
	after.Created = before.Created.Add(time.Second)
	if before.Sequence() >= after.Sequence() {
		t.Errorf("%s sorts after %s", before.Sequence(), after.Sequence())
	}
}

func TestAGapIsAnnouncedWithOneIDForOneHole(t *testing.T) {
	gap := event.Gap{Reason: "purged", FromKey: 10, ToKey: 20, From: created, To: created.Add(time.Hour), Count: 9}
	first, err := gap.Announce(origin)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := gap.Announce(origin)
	read := parse(t, &first)
	if first.ID() != second.ID() || read.ID() != origin.InstanceUUID+"-gap-10-20" || read.Type() != "com.vcrelay.gap.v1" {
		t.Errorf("id %s, type %s", read.ID(), read.Type())
	}
	var told event.Gap
	if err := json.Unmarshal(read.Data(), &told); err != nil || told != gap {
		t.Errorf("data is %s (%v)", read.Data(), err)
	}
}

func parse(t *testing.T, e *event.Event) cloudevents.Event {
	t.Helper()
	var read cloudevents.Event
	text := event.AppendCloudEvent(nil, e)
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if err := read.Validate(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return read
}

func TestACloudEventEscapesWhatJSONForbids(t *testing.T) {
	for c := range 0x110 {
		for n := range 17 {
			name := strings.Repeat("a", n) + string(rune(c)) + strings.Repeat("b", 16-n)
			e := event.Event{Origin: &event.Origin{InstanceUUID: name, Source: name}, TypeID: name, Entity: event.Ref{Type: name, Value: name}, Data: []byte("{}")}
			var got map[string]any
			if err := json.Unmarshal(event.AppendCloudEvent(nil, &e), &got); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			for attribute, want := range map[string]string{
				"id": e.ID(), "source": name, "type": e.Type(), "subject": name, "entity": name + ":" + name, "partitionkey": e.PartitionKey(),
			} {
				if got[attribute] != want {
					t.Fatalf("%s is %q, want %q", attribute, got[attribute], want)
				}
			}
		}
	}
}

func TestACloudEventIsWrittenWithoutAllocation(t *testing.T) {
	e := event.Event{
		Origin: &event.Origin{InstanceUUID: "3c0f7a10", Source: "https://vcenter.example.com/sdk", Name: "a", APIVersion: "8.0.3.0"},
		Key:    7, Created: time.Now(), Class: "VmPoweredOnEvent", Entity: event.Ref{Type: "VirtualMachine", Value: "vm-1"}, Data: []byte("{}"),
	}
	buffer := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buffer = event.AppendCloudEvent(buffer[:0], &e) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
