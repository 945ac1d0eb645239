package vcsim_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func queryByID(
	t *testing.T, client *govmomi.Client, id int32, forward bool, spec types.EventFilterSpec,
) ([]types.BaseEvent, error) {
	t.Helper()
	response, err := methods.QueryEvents(t.Context(), client, &types.QueryEvents{
		This: *client.ServiceContent.EventManager, Filter: spec,
		EventViewSpec: &types.EventManagerViewByStartId{StartEventId: id, IsForward: forward},
	})
	if err != nil {
		return nil, err
	}
	return response.Returnval, nil
}

func TestFromVersion9OnEventsAreReadByTheirID(t *testing.T) {
	client := login(t, start(t, vcsim.Config{Version: "9.0.0", History: 2499}))
	var all []types.BaseEvent
	for id := int32(0); ; {
		page, err := queryByID(t, client, id, true, everything)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		if len(page) > 1000 {
			t.Fatalf("a page of %d events", len(page))
		}
		all = append(all, page...)
		id = page[len(page)-1].GetEvent().Key
	}
	wantKeys(t, all, numbered(1, 2500))
	newest, err := queryByID(t, client, 2147480000, false, types.EventFilterSpec{MaxCount: 3})
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, newest, []int32{2500, 2499, 2498})
}

func TestByIDTheFilterHoldsAndNegativeIDsAreRefused(t *testing.T) {
	client := login(t, start(t, vcsim.Config{Version: "9.0.0", History: 800}))
	spec := types.EventFilterSpec{EventTypeId: []string{"VmMigratedEvent"}, MaxCount: 5}
	page, err := queryByID(t, client, 100, true, spec)
	if err != nil || len(page) != 5 || slices.ContainsFunc(page, func(e types.BaseEvent) bool {
		_, ok := e.(*types.VmMigratedEvent)
		return !ok || e.GetEvent().Key <= 100
	}) {
		t.Errorf("read %v, %v", keys(page), err)
	}
	_, err = queryByID(t, client, -1, true, everything)
	wantFault[types.InvalidArgument](t, err)
}

func TestBeforeVersion9AViewIsAnInvalidRequest(t *testing.T) {
	for _, version := range []string{"7.0.3", "8.0.3"} {
		client := login(t, start(t, vcsim.Config{Version: version, History: 5}))
		if about := client.ServiceContent.About; about.Version != version || about.ApiVersion != version+".0" {
			t.Errorf("about is %+v", about)
		}
		_, err := queryByID(t, client, 0, true, everything)
		wantFault[types.InvalidRequest](t, err)
	}
}

func TestWhatIsNoVersionIsRefused(t *testing.T) {
	for _, version := range []string{"nine", "9", "9.0.0.0.1", "9.0.x"} {
		if _, err := vcsim.New(vcsim.Config{Username: user, Password: password, Version: version}); err == nil {
			t.Errorf("%s is taken", version)
		}
	}
}
