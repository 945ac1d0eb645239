package vcenter_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// eachLayout runs a test with a simulated vCenter that has three events.
func eachLayout(t *testing.T, test func(t *testing.T, server *vcsim.Server, profile event.Profile)) {
	t.Helper()
	for _, profile := range []event.Profile{event.ProfileDefault, event.ProfileEventRouter, event.ProfileKnativeXML} {
		t.Run(profile.String(), func(t *testing.T) {
			test(t, simulate(t, func(c *vcsim.Config) { c.History = 3 }), profile)
		})
	}
}

func TestABurstIsAnnouncedInEachLayout(t *testing.T) {
	began := time.Date(2026, 11, 20, 10, 12, 24, 46512000, time.UTC)
	eachLayout(t, func(t *testing.T, server *vcsim.Server, profile event.Profile) {
		server.Post(&types.EventEx{
			EventTypeId: "com.vmware.vc.EventBurstCompressedEvent", Severity: "warning",
			Arguments: []types.KeyAnyValue{
				{Key: "eventType", Value: "VmPoweredOnEvent"},
				{Key: "objectId", Value: "vm-62"},
				{Key: "burstStartTime", Value: began},
				{Key: "count", Value: int32(1234)},
			},
		})
		events := read(t, connectAs(t, server, profile), event.Position{}, 5)
		announced := events[3]
		if announced.Kind() != event.KindCompressed || events[4].Severity != "warning" {
			t.Fatalf("it arrives as %s, %s", announced.Class, events[4].Severity)
		}
		var gap event.Gap
		if err := json.Unmarshal(announced.Data, &gap); err != nil {
			t.Fatal(err)
		}
		if gap.Count != 1234 || !gap.From.Equal(began) || !strings.HasSuffix(gap.Reason, "VmPoweredOnEvent of vm-62") {
			t.Errorf("announced was %s", announced.Data)
		}
	})
}

func TestABurstOfUnreadableArgumentsIsAnnouncedInEachLayout(t *testing.T) {
	eachLayout(t, func(t *testing.T, server *vcsim.Server, profile event.Profile) {
		server.Post(&types.EventEx{
			EventTypeId: "com.vmware.vc.EventBurstCompressedEvent",
			Arguments: []types.KeyAnyValue{
				{Key: "count", Value: "many"},
				{Key: "objectId", Value: types.ArrayOfString{String: []string{"vm-62", "vm-63"}}},
				{Key: "eventType"},
			},
		})
		events := read(t, connectAs(t, server, profile), event.Position{}, 5)
		if events[3].Kind() != event.KindCompressed || events[4].Key != 4 {
			t.Errorf("it arrives as %s, and then comes %d", events[3].Class, events[4].Key)
		}
	})
}

func TestAnEventOfAnUnknownClassIsReadInEachLayout(t *testing.T) {
	eachLayout(t, func(t *testing.T, server *vcsim.Server, profile event.Profile) {
		server.Post(&VmTeleportedEvent{Distance: 42})
		server.Post(&types.VmPoweredOnEvent{})
		events := read(t, connectAs(t, server, profile), event.Position{}, 5)
		var body struct {
			XMLName  xml.Name `json:"-"`
			Key      int      `xml:"key"`
			Distance string   `xml:"distance"`
		}
		unmarshal := json.Unmarshal
		if profile.Layout() == event.LayoutXML {
			unmarshal = xml.Unmarshal
		}
		if err := unmarshal(events[3].Data, &body); err != nil || body.Key != 4 || body.Distance != "42" {
			t.Errorf("it arrives as %s (%v)", events[3].Data, err)
		}
		if events[3].Class != "VmTeleportedEvent" || events[4].Key != 5 {
			t.Errorf("it is a %s, and then comes %d", events[3].Class, events[4].Key)
		}
	})
}

func TestTheLayoutChangesNothingButTheData(t *testing.T) {
	server := simulateHistory(t)
	want := readHistory(t, server, event.ProfileDefault)
	for _, profile := range []event.Profile{event.ProfileEventRouter, event.ProfileKnativeXML} {
		for i, e := range readHistory(t, server, profile) {
			if e.ID() != want[i].ID() || e.Entity != want[i].Entity || e.Name() != want[i].Name() || e.Severity != want[i].Severity || e.Late != want[i].Late {
				t.Fatalf("%s: event %d is %s %s, want %s %s", profile, i, e.ID(), e.Name(), want[i].ID(), want[i].Name())
			}
		}
	}
}
