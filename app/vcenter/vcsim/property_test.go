package vcsim_test

import (
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// waiter asks for updates of one object's properties.
type waiter struct {
	client    *govmomi.Client
	collector *property.Collector
	version   string
}

func newWait(
	t *testing.T, client *govmomi.Client, object types.ManagedObjectReference, paths ...string,
) *waiter {
	t.Helper()
	collector, err := property.DefaultCollector(client.Client).Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	filter := types.CreateFilter{Spec: types.PropertyFilterSpec{
		ObjectSet: []types.ObjectSpec{{Obj: object}},
		PropSet:   []types.PropertySpec{{Type: object.Type, PathSet: paths}},
	}}
	if _, err := collector.CreateFilter(t.Context(), filter); err != nil {
		t.Fatal(err)
	}
	return &waiter{client: client, collector: collector}
}

func (w *waiter) ask(t *testing.T) ([]types.PropertyChange, error) {
	response, err := methods.WaitForUpdatesEx(t.Context(), w.client, &types.WaitForUpdatesEx{
		This: w.collector.Reference(), Version: w.version,
		Options: &types.WaitOptions{MaxWaitSeconds: types.NewInt32(20)}, // a lost update fails, it does not hang
	})
	if err != nil || response.Returnval == nil {
		return nil, err
	}
	w.version = response.Returnval.Version
	var changes []types.PropertyChange
	for _, set := range response.Returnval.FilterSet {
		for _, object := range set.ObjectSet {
			changes = append(changes, object.ChangeSet...)
		}
	}
	return changes, nil
}

func (w *waiter) next(t *testing.T) []types.PropertyChange {
	t.Helper()
	changes, err := w.ask(t)
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) == 0 {
		t.Fatal("no update came")
	}
	return changes
}

// tick is a pause between two attempts at something that another goroutine must first get to.
func tick(t *testing.T) <-chan time.Time {
	t.Helper()
	timer := time.NewTimer(5 * time.Millisecond)
	t.Cleanup(func() { timer.Stop() })
	return timer.C
}

func TestLatestEventIsRightWhenRetrieved(t *testing.T) {
	server := start(t, vcsim.Config{History: 12})
	client := login(t, server)
	for range 2 {
		posted := server.Post(&types.VmPoweredOnEvent{})
		var manager mo.EventManager
		pc := property.DefaultCollector(client.Client)
		if err := pc.RetrieveOne(t.Context(), *client.ServiceContent.EventManager, nil, &manager); err != nil {
			t.Fatal(err)
		}
		if manager.LatestEvent == nil || manager.LatestEvent.GetEvent().Key != posted.GetEvent().Key {
			t.Errorf("latest event is %+v, want key %d", manager.LatestEvent, posted.GetEvent().Key)
		}
		if manager.MaxCollector != 32 {
			t.Errorf("maxCollector is %d", manager.MaxCollector)
		}
	}
}

func TestAWaitForLatestEventEndsWhenAnEventArrives(t *testing.T) {
	server := start(t, vcsim.Config{History: 12})
	client := login(t, server)
	wait := newWait(t, client, *client.ServiceContent.EventManager, "latestEvent")
	wait.next(t)
	want := server.Post(&types.VmPoweredOnEvent{}).GetEvent().Key
	for {
		for _, change := range wait.next(t) {
			if event, ok := change.Val.(types.VmPoweredOnEvent); ok && event.Key == want {
				return // else an update of the login before
			}
		}
	}
}

func TestLatestPageHoldsTheNewestThatMatchAndIsUpdated(t *testing.T) {
	server := start(t, vcsim.Config{})
	client := login(t, server)
	post := func(event types.BaseEvent) int32 { return server.Post(event).GetEvent().Key }
	collector := mustCollect(t, client,
		types.EventFilterSpec{EventTypeId: []string{"VmPoweredOnEvent"}, MaxCount: 2})
	first := post(&types.VmPoweredOnEvent{})
	second := post(&types.VmPoweredOnEvent{})
	wait := newWait(t, client, collector, "latestPage")
	wantPage(t, wait.next(t), second, first)
	post(&types.VmPoweredOffEvent{})
	<-time.After(100 * time.Millisecond) // an update that is not due would be on its way
	third := post(&types.VmPoweredOnEvent{})
	wantPage(t, wait.next(t), third, second)

	var properties mo.EventHistoryCollector
	err := property.DefaultCollector(client.Client).RetrieveOne(t.Context(), collector, nil, &properties)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, properties.LatestPage, []int32{third, second})
}

func wantPage(t *testing.T, changes []types.PropertyChange, want ...int32) {
	t.Helper()
	if len(changes) != 1 {
		t.Fatalf("%d changes, want 1", len(changes))
	}
	page, ok := changes[0].Val.(types.ArrayOfEvent)
	if !ok {
		t.Fatalf("latestPage is a %T", changes[0].Val)
	}
	wantKeys(t, page.Event, want)
}
