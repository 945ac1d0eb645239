package event_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
)

// everyKind are events that differ in what attributes they have.
func everyKind(t *testing.T) []event.Event {
	t.Helper()
	gap, err := event.Gap{Reason: "purged", FromKey: 3, ToKey: 9, From: created, To: created}.Announce(origin)
	if err != nil {
		t.Fatal(err)
	}
	plain, extended, bare, whole, dead := poweredOn(), poweredOn(), poweredOn(), poweredOn(), poweredOn()
	extended.Class, extended.TypeID, extended.Severity = event.ClassEventEx, "esx.problem.\"x\"<y>", "warning"
	bare.Entity, bare.Severity, bare.Origin = event.Ref{}, "", &event.Origin{InstanceUUID: "u"}
	whole.Whole, whole.Late, whole.Truncated = true, true, true
	dead.Refusal, dead.Class, dead.TypeID = "too\nlarge", event.ClassExtendedEvent, "com.vmware.x"
	return []event.Event{plain, extended, bare, whole, dead, gap, plain.SetAside("refused")}
}

func TestAnAttributeIsWhatTheCloudEventHas(t *testing.T) {
	for _, e := range everyKind(t) {
		var written map[string]any
		if err := json.Unmarshal(event.AppendCloudEvent(nil, &e), &written); err != nil {
			t.Fatal(err)
		}
		delete(written, "data")
		for _, name := range event.AttributeNames() {
			want := ""
			if value, has := written[name]; has {
				want = fmt.Sprint(value)
			}
			if got := e.Attribute(name); got != want {
				t.Errorf("%s: attribute %s is %q, the CloudEvent has %q", e.ID(), name, got, want)
			}
			delete(written, name)
		}
		if len(written) > 0 {
			t.Errorf("%s: the CloudEvent has %v, which AttributeNames does not list", e.ID(), written)
		}
	}
}

func TestATypeTellsTheNameThatItWasMadeOf(t *testing.T) {
	for _, e := range everyKind(t) {
		name, found := event.NameOfType(e.Type())
		if found == e.IsAnnouncement() || found && name != e.Name() {
			t.Errorf("NameOfType(%s) = %q, %v; the name is %q", e.Type(), name, found, e.Name())
		}
	}
	for _, other := range []string{"com.vmware.event.router/event", "com.vmware.vsphere..v0", "com.vmware.vsphere.v0", "VmPoweredOnEvent", ""} {
		if name, found := event.NameOfType(other); found {
			t.Errorf("NameOfType(%q) found %q", other, name)
		}
	}
}
