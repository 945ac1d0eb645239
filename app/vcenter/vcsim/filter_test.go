package vcsim_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func TestAFilterLetsThroughExactlyWhatItNames(t *testing.T) {
	server := start(t, vcsim.Config{History: 1500})
	client := login(t, server)
	vm, err := find.NewFinder(client.Client).VirtualMachine(t.Context(), "DC0_H0_VM0")
	if err != nil {
		t.Fatal(err)
	}
	ref := vm.Reference()
	no := types.NewBool(true)
	for name, c := range map[string]struct {
		spec types.EventFilterSpec
		want func(types.BaseEvent) bool
	}{
		"class": {types.EventFilterSpec{EventTypeId: []string{"VmMigratedEvent"}}, func(e types.BaseEvent) bool {
			_, ok := e.(*types.VmMigratedEvent)
			return ok
		}},
		"id of EventEx": {
			types.EventFilterSpec{EventTypeId: []string{"com.vmware.cis.tagging.attach"}},
			func(e types.BaseEvent) bool {
				ex, ok := e.(*types.EventEx)
				return ok && ex.EventTypeId == "com.vmware.cis.tagging.attach"
			},
		},
		"id of ExtendedEvent": {
			types.EventFilterSpec{EventTypeId: []string{"com.vmware.vcIntegrity.VMToolsNotRunning"}},
			func(e types.BaseEvent) bool {
				_, ok := e.(*types.ExtendedEvent)
				return ok
			},
		},
		"user": {
			types.EventFilterSpec{UserName: &types.EventFilterSpecByUsername{UserList: []string{"guest"}}},
			func(e types.BaseEvent) bool { return e.GetEvent().UserName == "guest" },
		},
		"severity": {types.EventFilterSpec{Category: []string{"error"}}, func(e types.BaseEvent) bool {
			switch x := e.(type) {
			case *types.EventEx:
				return x.Severity == "error"
			case *types.HostConnectionLostEvent, *types.BadUsernameSessionEvent:
				return true
			}
			return false
		}},
		"machine": {entity(ref, types.EventFilterSpecRecursionOptionSelf), func(e types.BaseEvent) bool {
			arg := e.GetEvent().Vm
			return arg != nil && arg.Vm == ref
		}},
		"folder": {
			entity(client.ServiceContent.RootFolder, types.EventFilterSpecRecursionOptionChildren),
			func(e types.BaseEvent) bool { return e.GetEvent().Datacenter != nil },
		},
		"root": {
			entity(client.ServiceContent.RootFolder, types.EventFilterSpecRecursionOptionAll),
			func(types.BaseEvent) bool { return true },
		},
		"no message": {types.EventFilterSpec{DisableFullMessage: no}, func(types.BaseEvent) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			var want []types.BaseEvent
			for _, event := range server.Events(0) {
				if c.want(event) {
					want = append(want, event)
				}
			}
			got := readAll(t, client, mustCollect(t, client, c.spec), 1000)
			if len(want) == 0 || !slices.Equal(keys(got), keys(want)) {
				t.Errorf("read %d events, want %d", len(got), len(want))
			}
			if name == "no message" && got[0].GetEvent().FullFormattedMessage != "" {
				t.Error("the message is there")
			}
		})
	}
}

func entity(ref types.ManagedObjectReference, recursion types.EventFilterSpecRecursionOption) types.EventFilterSpec {
	return types.EventFilterSpec{Entity: &types.EventFilterSpecByEntity{Entity: ref, Recursion: recursion}}
}

func TestAFilterThatIsNotHonouredIsRefused(t *testing.T) {
	client := login(t, start(t, vcsim.Config{}))
	alarm := types.ManagedObjectReference{Type: "Alarm", Value: "alarm-1"}
	for _, spec := range []types.EventFilterSpec{{Tag: []string{"x"}}, {Alarm: &alarm}, {ScheduledTask: &alarm}} {
		_, err := createCollector(t, client, spec)
		wantFault[types.InvalidArgument](t, err)
	}
}
