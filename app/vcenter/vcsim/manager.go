package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// maxCollectors is vCenter's default limit per session (option event.maxCollectors).
const maxCollectors = 32

// eventManager stands in each login session in front of the simulator's own, which stays in the inventory because
// the simulator posts to it by its concrete type. It has no state of its own; its methods are the SOAP calls.
type eventManager struct {
	mo.EventManager
	selfLocked

	log      *history.Database
	sessions *sessionTable
	printer  *printer
	tree     inventoryTree
	byID     bool // QueryEvents knows views
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
	properties.MaxCollector = m.sessions.maxCollector()
	if latest, ok := m.log.Latest(); ok {
		properties.LatestEvent = eventOf(&latest)
	}
	return &properties
}

// CreateCollectorForEvents creates a collector at the oldest event.
func (m *eventManager) CreateCollectorForEvents(
	ctx *simulator.Context, req *types.CreateCollectorForEvents,
) soap.HasFault {
	match, fault := m.filter(req.Filter)
	if fault != nil {
		return &methods.CreateCollectorForEventsBody{Fault_: fault}
	}
	open := func() *history.Cursor { return m.log.Collector(match) }
	c := newCollector(open, req.Filter, m)
	if !m.sessions.add(ctx.Session, c) {
		return &methods.CreateCollectorForEventsBody{
			Fault_: simulator.Fault("The session has the largest number of event collectors.", new(types.InvalidState)),
		}
	}
	return &methods.CreateCollectorForEventsBody{Res: &types.CreateCollectorForEventsResponse{Returnval: c.Self}}
}

func (m *eventManager) filter(spec types.EventFilterSpec) (history.Filter, *soap.Fault) {
	if spec.MaxCount != 0 && !validPage(spec.MaxCount) {
		return history.Filter{}, invalidArgument("filter.maxCount")
	}
	match, fault := newFilter(spec, m.tree)
	if fault != nil {
		return history.Filter{}, simulator.Fault("A specified parameter was not correct.", fault)
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
	m.log.Commit(req.EventToPost)
	return &methods.PostEventBody{Res: new(types.PostEventResponse)}
}

func invalidArgument(property string) *soap.Fault {
	return simulator.Fault("A specified parameter was not correct: "+property,
		&types.InvalidArgument{InvalidProperty: property})
}
