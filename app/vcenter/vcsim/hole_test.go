package vcsim_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func TestAHoleOfKeysStopsAReaderOnlyWithTheStuckReading(t *testing.T) {
	for stuck, want := range map[bool][]int32{false: {1, 2, 3, 24, 25}, true: {1, 2, 3}} {
		server := start(t, vcsim.Config{
			History: 24, Readings: vcsim.Readings{StuckInHole: stuck}, Faults: []string{"kind=hole,first=4,last=23"},
		})
		client := login(t, server)
		collector := mustCollect(t, client, everything)
		var events []types.BaseEvent
		for range 10 {
			page, err := readNext(t, client, collector, 5)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, page...)
		}
		wantKeys(t, events, want)
	}
}

func TestAHoleHidesAnEntityWithWhatIsBelowIt(t *testing.T) {
	server := start(t, vcsim.Config{History: 1000})
	client := login(t, server)
	host, err := find.NewFinder(client.Client).HostSystem(t.Context(), "DC0_C0_H0")
	if err != nil {
		t.Fatal(err)
	}
	concerns := func(e types.BaseEvent) bool { h := e.GetEvent().Host; return h != nil && h.Host == host.Reference() }
	hidden := 0
	var want []int32
	for _, event := range server.Events(0) {
		if ex, ok := event.(*types.EventEx); concerns(event) || ok && ex.ObjectId == host.Reference().Value {
			hidden++
		} else {
			want = append(want, event.GetEvent().Key)
		}
	}
	mustFault(t, server, "kind=hole,entity=DC0_C0_H0")
	got := readAll(t, client, mustCollect(t, client, everything), 1000)
	if slices.ContainsFunc(got, concerns) || hidden == 0 {
		t.Errorf("%d events are to be hidden, and some are not", hidden)
	}
	wantKeys(t, got, want)
	mustFault(t, server, "kind=hole,entity=vm") // the folder of all machines, which no event names
	hosts := 0
	for _, event := range readAll(t, client, mustCollect(t, client, everything), 1000) {
		if event.GetEvent().Vm != nil {
			t.Fatalf("an event of a machine in the hidden folder is seen: %+v", event)
		}
		if event.GetEvent().Host != nil {
			hosts++
		}
	}
	if hosts == 0 {
		t.Error("no event of a host is seen")
	}
	mustFault(t, server, "kind=hole,entity=DC0")
	for _, event := range readAll(t, client, mustCollect(t, client, everything), 1000) {
		if event.GetEvent().Datacenter != nil {
			t.Fatalf("an event of the hidden datacenter is seen: %+v", event)
		}
	}
	server.ClearFaults()
	wantKeys(t, readAll(t, client, mustCollect(t, client, everything), 1000), numbered(1, 1001))
}

func TestAHoleHidesAShareOfTheObjectsAlwaysTheSame(t *testing.T) {
	server := start(t, vcsim.Config{History: 2000, VMs: 40})
	mustFault(t, server, "kind=hole,share=0.5")
	seen := map[types.ManagedObjectReference]bool{}
	hidden := 0
	for _, entry := range server.History().Log(0) {
		vm := entry.Body.(types.BaseEvent).GetEvent().Vm
		if entry.Hidden {
			hidden++
		}
		if vm == nil {
			continue
		}
		if before, known := seen[vm.Vm]; known && before != entry.Hidden {
			t.Fatalf("%v is hidden and seen", vm.Name)
		}
		seen[vm.Vm] = entry.Hidden
	}
	if hidden < 400 || hidden > 1600 {
		t.Errorf("%d of %d events are hidden", hidden, server.Len())
	}
}
