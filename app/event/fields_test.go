package event_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

func TestTheFieldsOfATextAreThoseOfTheEvent(t *testing.T) {
	e := event.Event{
		Origin: &event.Origin{InstanceUUID: "3c0f7a10", Name: "prod/1"}, Key: 7,
		Created: time.Date(2026, 11, 20, 23, 30, 0, 5000, time.FixedZone("", -3600)), Class: "VmPoweredOnEvent",
	}
	for text, want := range map[string]string{
		"":                              "",
		"plain/text.json":               "plain/text.json",
		"{date}/{hour}/{id}.json":       "2026-11-21/00/3c0f7a10-7-1795221000000005.json",
		"{vcname}/{vcenter}/{name}":     "prod%2F1/3c0f7a10/VmPoweredOnEvent",
		"{name}{name}":                  "VmPoweredOnEventVmPoweredOnEvent",
		"before {name} between {name} ": "before VmPoweredOnEvent between VmPoweredOnEvent ",
	} {
		if err := event.CheckFields(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if got := event.Expand(text, &e); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestATextWithAFieldThatThereIsNotIsRefusedAndTheOthersAreNamed(t *testing.T) {
	for _, text := range []string{"{nmae}", "{}", "{id", "id}", "a}b{id}", "{id}{", "{{id}}", "{Id}", "{data}"} {
		if err := event.CheckFields(text); err == nil || !strings.Contains(err.Error(), "{id}, {name}") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The name of an event may be what somebody wrote into a plug-in.
func TestWhatAnEventIsCalledMakesNeitherAFolderNorAHeader(t *testing.T) {
	for name, want := range map[string]string{
		"../../etc/passwd":         "%2E.%2F..%2Fetc%2Fpasswd",
		"..":                       "%2E.",
		"a\r\nX-Admin: 1":          "a%0D%0AX-Admin%3A%201",
		"50 %?x=1&y#z":             "50%20%25%3Fx%3D1%26y%23z",
		"com.vmware.vc.HA.Started": "com.vmware.vc.HA.Started",
		"Grüße":                    "Gr%C3%BC%C3%9Fe",
		"{id}":                     "%7Bid%7D",
	} {
		e := event.Event{Origin: &event.Origin{}, Class: event.ClassEventEx, TypeID: name}
		if got := event.Expand("{name}", &e); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func TestATopicHasTheFormThatAllBrokersTake(t *testing.T) {
	origin := &event.Origin{InstanceUUID: "3c0f7a10", Name: "prod/1 west"}
	e := event.Event{Origin: origin, Class: "VmPoweredOnEvent", Severity: "info", Entity: event.Ref{Type: "VirtualMachine", Value: "vm-1"}}
	bare := event.Event{Origin: &event.Origin{}, Class: event.ClassEventEx, TypeID: "..com.vmware.vc..HA > *."}
	for text, want := range map[string]string{
		"vcenter":                            "vcenter vcenter",
		"vcenter.{dotted}":                   "vcenter.vm.powered.on vcenter.com.vmware.vc.HA____",
		"{vcname}.{entitytype}.{severity}.x": "prod_1_west.VirtualMachine.info.x none.none.none.x",
		"{class}-{name}-{vcenter}":           "VmPoweredOnEvent-VmPoweredOnEvent-3c0f7a10 EventEx-com.vmware.vc.HA____-none",
	} {
		if got := event.ExpandTopic(text, &e) + " " + event.ExpandTopic(text, &bare); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestTheDottedNameIsThatOfTheOldConnector(t *testing.T) {
	for class, want := range map[string]string{
		"VmPoweredOnEvent": "vm.powered.on", "DrsVmMigratedEvent": "drs.vm.migrated", "DVPortgroupReconfiguredEvent": "dv.portgroup.reconfigured",
		"UserLoginSessionEvent": "user.login.session", "VmMacAssignedEvent": "vm.mac.assigned", "TaskEvent": "task", "Event": "none",
	} {
		e := event.Event{Origin: &event.Origin{}, Class: class}
		if got := event.ExpandTopic("{dotted}", &e); got != want {
			t.Errorf("%s is %q, want %q", class, got, want)
		}
	}
}
