package vcsim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// tap brings the events that the simulator posts by itself into the history. The simulator tells of each through the
// latestPage of its own collectors: with a page of one, each update is exactly one event.
type tap struct {
	log    *history
	source types.ManagedObjectReference
}

func openTap(service *simulator.Service, log *history) error {
	request := &types.CreateCollectorForEvents{Filter: types.EventFilterSpec{MaxCount: 1}}
	response := service.Context.Map.EventManager().CreateCollectorForEvents(newContext(service), request)
	body, ok := response.(*methods.CreateCollectorForEventsBody)
	if !ok || body.Res == nil {
		return fmt.Errorf("tap the simulator's events: %v", response.Fault())
	}
	service.Context.Map.AddHandler(&tap{log: log, source: body.Res.Returnval})
	return nil
}

// Reference names the tap among the registry's handlers.
func (t *tap) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "EventTap", Value: "vcrelay"}
}

// PutObject ignores new objects.
func (t *tap) PutObject(*simulator.Context, mo.Reference) {}

// RemoveObject ignores removed objects.
func (t *tap) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

// UpdateObject commits the event if the update is that of the tapped collector.
func (t *tap) UpdateObject(_ *simulator.Context, object mo.Reference, changes []types.PropertyChange) {
	if object.Reference() != t.source {
		return
	}
	for _, change := range changes {
		if page, ok := change.Val.(*types.ArrayOfEvent); ok && len(page.Event) == 1 {
			t.log.append(page.Event[0])
		}
	}
}
