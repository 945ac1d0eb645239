package vcsim

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// maxCollectors is vCenter's default limit per session (option event.maxCollectors).
const maxCollectors = 32

// eventManager stands in each login session in front of the simulator's own, which stays in the inventory because
// the simulator posts to it by its concrete type. It has no state of its own; its methods are the SOAP calls.
type eventManager struct {
	mo.EventManager
	selfLocked

	log      *history
	sessions *sessionTable
	tree     inventoryTree
}

// selfLocked opts out of the simulator's one lock for each object: our objects lock themselves, and one session's
// slow read must not hold up another's.
type selfLocked struct{}

func (selfLocked) Lock()   {}
func (selfLocked) Unlock() {}

// Get returns the properties; the property collector calls it.
func (m *eventManager) Get() mo.Reference {
	properties := m.EventManager
	properties.Description = eventDescription()
	properties.MaxCollector = maxCollectors
	properties.LatestEvent = latestEvent(m.log.view())
	return &properties
}

func latestEvent(v view) types.BaseEvent {
	if v.len() == 0 {
		return nil
	}
	return v.records[v.len()-1].event()
}

// CreateCollectorForEvents creates a collector at the oldest event.
func (m *eventManager) CreateCollectorForEvents(
	ctx *simulator.Context, req *types.CreateCollectorForEvents,
) soap.HasFault {
	match, fault := m.filter(req.Filter)
	if fault != nil {
		return &methods.CreateCollectorForEventsBody{Fault_: fault}
	}
	c := newCollector(m.log, match, req.Filter, m.sessions)
	if !m.sessions.add(ctx.Session, c) {
		return &methods.CreateCollectorForEventsBody{
			Fault_: simulator.Fault("The session has the largest number of event collectors.", new(types.InvalidState)),
		}
	}
	return &methods.CreateCollectorForEventsBody{Res: &types.CreateCollectorForEventsResponse{Returnval: c.Self}}
}

// QueryEvents returns the newest events that match, newest first, at most filter.maxCount (1000 if unset).
func (m *eventManager) QueryEvents(_ *simulator.Context, req *types.QueryEvents) soap.HasFault {
	if req.EventViewSpec != nil {
		fault := simulator.Fault("eventViewSpec needs vSphere 9.0", new(types.NotSupported))
		return &methods.QueryEventsBody{Fault_: fault}
	}
	match, fault := m.filter(req.Filter)
	if fault != nil {
		return &methods.QueryEventsBody{Fault_: fault}
	}
	return &methods.QueryEventsBody{Res: &types.QueryEventsResponse{Returnval: m.newest(match, req.Filter)}}
}

func (m *eventManager) newest(match filter, spec types.EventFilterSpec) []types.BaseEvent {
	limit := int(either(spec.MaxCount, maxPageSize))
	var events []types.BaseEvent
	for _, r := range slices.Backward(m.log.view().records) {
		if len(events) == limit {
			break
		}
		if match.matches(r) {
			events = append(events, render(r, spec))
		}
	}
	return events
}

func (m *eventManager) filter(spec types.EventFilterSpec) (filter, *soap.Fault) {
	if spec.MaxCount != 0 && !validPage(spec.MaxCount) {
		return nil, invalidArgument("filter.maxCount")
	}
	match, fault := newFilter(spec, m.tree)
	if fault != nil {
		return nil, simulator.Fault("A specified parameter was not correct.", fault)
	}
	return match, nil
}

// PostEvent commits a client's event. The simulator's own panics on objects outside its inventory.
func (m *eventManager) PostEvent(ctx *simulator.Context, req *types.PostEvent) soap.HasFault {
	if req.EventToPost == nil {
		return &methods.PostEventBody{Fault_: invalidArgument("eventToPost")}
	}
	if head := req.EventToPost.GetEvent(); head.UserName == "" {
		head.UserName = ctx.Session.UserName
	}
	m.log.append(req.EventToPost)
	return &methods.PostEventBody{Res: new(types.PostEventResponse)}
}

func invalidArgument(property string) *soap.Fault {
	return simulator.Fault("A specified parameter was not correct: "+property,
		&types.InvalidArgument{InvalidProperty: property})
}
