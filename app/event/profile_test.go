package event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vcrelay/vcrelay/app/event"
)

var profiles = []event.Profile{event.ProfileDefault, event.ProfileEventRouter, event.ProfileKnative, event.ProfileKnativeXML}

// inLayout is what a source in the profile's layout brings of the event that poweredOn makes.
func inLayout(p event.Profile, e event.Event) event.Event {
	e.Profile = p
	switch p.Layout() {
	case event.LayoutPascalCase:
		e.Data = []byte(`{"Key":18,"CreatedTime":"2026-11-20T10:12:24.046512Z","FullFormattedMessage":"on"}`)
	case event.LayoutXML:
		e.Data = []byte("<VmPoweredOnEvent><key>18</key><createdTime>2026-11-20T10:12:24.046512Z</createdTime>" +
			`<vm><name>web "1" \ ü</name><vm type="VirtualMachine">vm-62</vm></vm></VmPoweredOnEvent>`)
	case event.LayoutVIJSON:
	}
	return e
}

func TestAProfileIsReadFromItsName(t *testing.T) {
	for name, want := range map[string]event.Profile{
		"default": event.ProfileDefault, "event-router": event.ProfileEventRouter, "knative": event.ProfileKnative, "knative-xml": event.ProfileKnativeXML,
	} {
		if got, err := event.ParseProfile(name); err != nil || got != want || got.String() != name {
			t.Errorf("%s is %v, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "Default", "veba", "knative-json"} {
		_, err := event.ParseProfile(name)
		if err == nil || !strings.Contains(err.Error(), "use default, event-router, knative or knative-xml") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAProfileDecidesOnTypeSubjectAndData(t *testing.T) {
	const routed, named = "com.vmware.event.router/", "com.vmware.vsphere."
	for _, c := range []struct {
		profile                    event.Profile
		class, typeID              string
		wantType, subject, content string
	}{
		{event.ProfileDefault, "VmPoweredOnEvent", "", named + "VmPoweredOnEvent.v0", "VmPoweredOnEvent", "application/json"},
		{event.ProfileEventRouter, "VmPoweredOnEvent", "", routed + "event", "VmPoweredOnEvent", "application/json"},
		{event.ProfileEventRouter, "EventEx", "esx.problem", routed + "eventex", "esx.problem", "application/json"},
		{event.ProfileEventRouter, "ExtendedEvent", "com.vmware.cis.tagging.attach", routed + "extendedevent", "com.vmware.cis.tagging.attach", "application/json"},
		{event.ProfileKnative, "VmPoweredOnEvent", "", named + "VmPoweredOnEvent.v0", "", "application/json"},
		{event.ProfileKnative, "EventEx", "esx.problem", named + "esx.problem.v0", "", "application/json"},
		{event.ProfileKnativeXML, "VmPoweredOnEvent", "", named + "VmPoweredOnEvent.v0", "", "application/xml"},
		{event.ProfileKnativeXML, "EventEx", "esx.problem", named + "esx.problem.v0", "", "application/xml"},
	} {
		e := inLayout(c.profile, poweredOn())
		e.Class, e.TypeID = c.class, c.typeID
		read := parse(t, &e)
		if read.Type() != c.wantType || e.Type() != c.wantType || read.Subject() != c.subject || e.Subject() != c.subject {
			t.Errorf("%s of %s: type %s, subject %q", c.profile, c.class, read.Type(), read.Subject())
		}
		if read.DataContentType() != c.content || string(read.Data()) != string(e.Data) {
			t.Errorf("%s: %s, data %s", c.profile, read.DataContentType(), read.Data())
		}
	}
}

func TestAllElseIsTheSameInEachProfile(t *testing.T) {
	plain := poweredOn()
	plain.Late, plain.Truncated, plain.Refusal = true, true, "message size exceeds maximum"
	want := parse(t, &plain)
	for _, p := range profiles {
		e := inLayout(p, plain)
		got := parse(t, &e)
		if got.ID() != want.ID() || got.Source() != want.Source() || !got.Time().Equal(want.Time()) {
			t.Errorf("%s: id %s, source %s, time %s", p, got.ID(), got.Source(), got.Time())
		}
		if len(got.Extensions()) != len(want.Extensions()) {
			t.Errorf("%s: extensions are %v", p, got.Extensions())
		}
		for name, value := range want.Extensions() {
			if got.Extensions()[name] != value {
				t.Errorf("%s: extension %s is %v, want %v", p, name, got.Extensions()[name], value)
			}
		}
	}
}

func TestAnnouncementsLookAlikeInEachProfile(t *testing.T) {
	gap, err := event.Gap{Reason: "purged", FromKey: 10, ToKey: 20, From: created, Count: 9}.Announce(origin)
	if err != nil {
		t.Fatal(err)
	}
	e := poweredOn()
	for _, plain := range []event.Event{gap, e.SetAside("too large")} {
		want := string(event.AppendCloudEvent(nil, &plain))
		for _, p := range profiles {
			plain.Profile = p
			if got := string(event.AppendCloudEvent(nil, &plain)); got != want {
				t.Errorf("%s:\ngot  %s\nwant %s", p, got, want)
			}
		}
	}
}

func TestDataOfAnotherLayoutIsSentAsWhatItIs(t *testing.T) {
	e := poweredOn()
	e.Profile = event.ProfileKnativeXML
	if read := parse(t, &e); read.DataContentType() != "application/json" || string(read.Data()) != string(e.Data) {
		t.Errorf("%s: %s", read.DataContentType(), read.Data())
	}
}

func TestXMLStandsInJSONWhateverItHolds(t *testing.T) {
	for c := range 0x200 {
		e := poweredOn()
		e.Data = []byte("<a>" + string(rune(c)) + "b</a>")
		if c >= 0x100 {
			e.Data = []byte("<a>" + string([]byte{byte(c)}) + "b</a>") // not UTF-8, from 0x80 on
		}
		if written := event.AppendCloudEvent(nil, &e); !utf8.Valid(written) {
			t.Fatalf("%q is not UTF-8", written)
		}
		read := parse(t, &e)
		if want := strings.ToValidUTF8(string(e.Data), "\uFFFD"); string(read.Data()) != want {
			t.Fatalf("%q became %q", e.Data, read.Data())
		}
	}
}

func TestAnEventInEachProfileIsWrittenWithoutAllocation(t *testing.T) {
	for _, p := range profiles {
		e := inLayout(p, poweredOn())
		e.Origin = &event.Origin{InstanceUUID: "3c0f7a10", Source: "https://vcenter.example.com/sdk", Name: "a", APIVersion: "8.0.3.0"}
		buffer := make([]byte, 0, 4096)
		if n := testing.AllocsPerRun(100, func() { buffer = event.AppendCloudEvent(buffer[:0], &e) }); n > 0 {
			t.Errorf("%s: %v allocations", p, n)
		}
	}
}

func BenchmarkAppendCloudEvent(b *testing.B) {
	for _, p := range profiles {
		b.Run(p.String(), func(b *testing.B) {
			e := inLayout(p, poweredOn())
			e.Origin = &event.Origin{InstanceUUID: "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b", Source: "https://vcenter.example.com/sdk", Name: "a", APIVersion: "8.0.3.0"}
			if p == event.ProfileKnativeXML {
				e.Data = []byte("<e>" + strings.Repeat(`<vm type="VirtualMachine">vm-62 is on</vm>`, 20) + "</e>")
			} else {
				e.Data, _ = json.Marshal(strings.Repeat("vm-62 is on ", 70))
			}
			var buffer []byte
			for b.Loop() {
				buffer = event.AppendCloudEvent(buffer[:0], &e)
			}
		})
	}
}
