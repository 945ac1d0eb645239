package vcsim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// ownEvents brings the events that the simulator posts by itself into the history. The simulator tells of each through the
// latestPage of its own collectors: with a page of one, each update is exactly one event.
type ownEvents struct {
	log    *history.Database
	source types.ManagedObjectReference
}

func followOwnEvents(service *simulator.Service, log *history.Database) error {
	request := &types.CreateCollectorForEvents{Filter: types.EventFilterSpec{MaxCount: 1}}
	response := service.Context.Map.EventManager().CreateCollectorForEvents(newContext(service), request)
	body, ok := response.(*methods.CreateCollectorForEventsBody)
	if !ok || body.Res == nil {
		return fmt.Errorf("follow the simulator's own events: %v", response.Fault())
	}
	service.Context.Map.AddHandler(&ownEvents{log: log, source: body.Res.Returnval})
	return nil
}

// Reference names it among the registry's handlers.
func (t *ownEvents) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "OwnEvents", Value: "vcrelay"}
}

// PutObject ignores new objects.
func (t *ownEvents) PutObject(*simulator.Context, mo.Reference) {}

// RemoveObject ignores removed objects.
func (t *ownEvents) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

// UpdateObject commits the event if the update is that of its collector.
func (t *ownEvents) UpdateObject(_ *simulator.Context, object mo.Reference, changes []types.PropertyChange) {
	if object.Reference() != t.source {
		return
	}
	for _, change := range changes {
		if page, ok := change.Val.(*types.ArrayOfEvent); ok && len(page.Event) == 1 {
			t.log.Commit(page.Event[0])
		}
	}
}
