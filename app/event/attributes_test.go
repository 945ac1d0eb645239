package event_test

import (
	"maps"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

func TestTheAttributesAreThoseOfTheCloudEvent(t *testing.T) {
	e := event.Event{
		Origin: &event.Origin{InstanceUUID: "3c0f7a10", Source: "https://vc/sdk", Name: "Zürich \"1\"", APIVersion: "8.0.3.0"},
		Key:    7, Created: time.Date(2026, 11, 20, 23, 30, 0, 5000, time.UTC), Class: "VmPoweredOnEvent", Late: true,
		Entity: event.Ref{Type: "VirtualMachine", Value: "vm-62"}, Refusal: "<no>", Data: []byte(`not even JSON`),
	}
	got, err := event.Attributes(&e)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"specversion": "1.0", "id": e.ID(), "source": "https://vc/sdk", "type": "com.vmware.vsphere.VmPoweredOnEvent.v0",
		"subject": "VmPoweredOnEvent", "time": "2026-11-20T23:30:00.000005Z", "datacontenttype": "application/json",
		"eventclass": "event", "vsphereapiversion": "8.0.3.0", "vcenter": "3c0f7a10", "vcname": "Zürich \"1\"",
		"entity": "VirtualMachine:vm-62", "partitionkey": e.PartitionKey(), "sequence": e.Sequence(), "late": "true", "refusal": "<no>",
	}
	if !maps.Equal(got, want) {
		t.Errorf("attributes are %q\nwant %q", got, want)
	}
	if string(e.Data) != "not even JSON" {
		t.Error("the event was changed")
	}
}
