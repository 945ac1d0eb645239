package vcsim_test

import (
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

var keyAndTime = []string{"latestEvent.key", "latestEvent.createdTime"}

// retrieve asks for properties of the event manager by path.
func retrieve(t *testing.T, client *govmomi.Client, paths ...string) map[string]types.AnyType {
	t.Helper()
	manager := *client.ServiceContent.EventManager
	response, err := methods.RetrieveProperties(t.Context(), client, &types.RetrieveProperties{
		This: property.DefaultCollector(client.Client).Reference(),
		SpecSet: []types.PropertyFilterSpec{{
			ObjectSet: []types.ObjectSpec{{Obj: manager}},
			PropSet:   []types.PropertySpec{{Type: manager.Type, PathSet: paths}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]types.AnyType{}
	for _, object := range response.Returnval {
		if len(object.MissingSet) > 0 {
			t.Errorf("missing: %+v", object.MissingSet)
		}
		for _, p := range object.PropSet {
			values[p.Name] = p.Val
		}
	}
	return values
}

func wantKeyAndTime(t *testing.T, got map[string]types.AnyType, want *types.Event) {
	t.Helper()
	created, ok := got["latestEvent.createdTime"].(time.Time)
	if got["latestEvent.key"] != want.Key || !ok || !created.Equal(want.CreatedTime) || len(got) != 2 {
		t.Errorf("got %v, want key %d and time %v", got, want.Key, want.CreatedTime)
	}
}

func TestKeyAndTimeOfTheLatestEventAreRetrievedAlone(t *testing.T) {
	server := start(t, vcsim.Config{History: 12})
	client := login(t, server)
	for range 2 {
		posted := server.Post(&types.VmPoweredOnEvent{}).GetEvent()
		wantKeyAndTime(t, retrieve(t, client, keyAndTime...), posted)
	}
	if _, err := server.Fault("kind=unknown"); err != nil { // of a class that the client does not know
		t.Fatal(err)
	}
	row, _ := server.History().Latest()
	wantKeyAndTime(t, retrieve(t, client, keyAndTime...), &types.Event{Key: row.Key, CreatedTime: row.CreatedTime()})
}

func TestAWaitForKeyAndTimeOfTheLatestEventEndsWhenAnEventArrives(t *testing.T) {
	server := start(t, vcsim.Config{History: 12})
	client := login(t, server)
	wait := newWait(t, client, *client.ServiceContent.EventManager, keyAndTime...)
	whole := newWait(t, client, *client.ServiceContent.EventManager, "latestEvent")
	whole.next(t)
	latest, _ := server.History().Latest()
	wantKeyAndTime(t, valuesOf(wait.next(t)), &types.Event{Key: latest.Key, CreatedTime: latest.CreatedTime()})
	for range 3 {
		posted := server.Post(&types.VmPoweredOnEvent{}).GetEvent()
		got := valuesOf(wait.next(t))
		for got["latestEvent.key"] != posted.Key { // else an update of the login before
			got = valuesOf(wait.next(t))
		}
		wantKeyAndTime(t, got, posted)
	}
	for _, change := range whole.next(t) { // who watches the event itself gets it alone
		if change.Val == nil || change.Name != "latestEvent" {
			t.Errorf("got %s %T", change.Name, change.Val)
		}
	}
}

func valuesOf(changes []types.PropertyChange) map[string]types.AnyType {
	values := map[string]types.AnyType{}
	for _, change := range changes {
		values[change.Name] = change.Val
	}
	return values
}

func TestAWaitForKeyAndTimeEndsWithARestoreThatBringsAnOlderLatestEvent(t *testing.T) {
	server := start(t, vcsim.Config{History: 5})
	client := login(t, server)
	early := server.Post(&types.VmPoweredOnEvent{}).GetEvent()
	<-tick(t)
	wait := newWait(t, client, *client.ServiceContent.EventManager, keyAndTime...)
	wait.next(t)
	second := server.Post(&types.VmPoweredOnEvent{}).GetEvent()
	for valuesOf(wait.next(t))["latestEvent.key"] != second.Key { // else an update from before
	}
	server.History().Restore(early.CreatedTime)
	wantKeyAndTime(t, valuesOf(wait.next(t)), early)
}

func TestKeyAndTimeOfTheLatestEventAreRefusedWithThatReading(t *testing.T) {
	readings, err := vcsim.ParseReadings("paths=refused")
	if err != nil {
		t.Fatal(err)
	}
	client := login(t, start(t, vcsim.Config{History: 12, Readings: readings}))
	manager := *client.ServiceContent.EventManager
	collector, err := property.DefaultCollector(client.Client).Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range keyAndTime {
		spec := types.PropertyFilterSpec{
			ObjectSet: []types.ObjectSpec{{Obj: manager}},
			PropSet:   []types.PropertySpec{{Type: manager.Type, PathSet: []string{"maxCollector", path}}},
		}
		pc := property.DefaultCollector(client.Client).Reference()
		_, err := methods.RetrieveProperties(t.Context(), client, &types.RetrieveProperties{This: pc, SpecSet: []types.PropertyFilterSpec{spec}})
		wantFault[types.InvalidProperty](t, err)
		_, err = methods.RetrievePropertiesEx(t.Context(), client, &types.RetrievePropertiesEx{This: pc, SpecSet: []types.PropertyFilterSpec{spec}})
		wantFault[types.InvalidProperty](t, err)
		_, err = collector.CreateFilter(t.Context(), types.CreateFilter{Spec: spec})
		wantFault[types.InvalidProperty](t, err)
	}
	if whole := retrieve(t, client, "latestEvent", "maxCollector"); len(whole) != 2 {
		t.Errorf("got %v", whole)
	}
	wait := newWait(t, client, manager, "latestEvent")
	wait.next(t)
}
