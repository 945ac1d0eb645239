package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// QueryEvents returns the newest events that match, newest first, at most filter.maxCount (1000 if unset). From 9.0 on a
// view returns those after an id, or before it, instead.
func (m *eventManager) QueryEvents(_ *simulator.Context, req *types.QueryEvents) soap.HasFault {
	match, fault := m.filter(req.Filter)
	if fault != nil {
		return &methods.QueryEventsBody{Fault_: fault}
	}
	rows, fault := m.query(req, match)
	if fault != nil {
		return &methods.QueryEventsBody{Fault_: fault}
	}
	page, fault := m.printer.page(rows, req.Filter)
	if fault != nil {
		return &methods.QueryEventsBody{Fault_: fault}
	}
	return &queriedEventsBody{Res: page}
}

func (m *eventManager) query(req *types.QueryEvents, match history.Filter) ([]history.Row, *soap.Fault) {
	limit := int(either(req.Filter.MaxCount, maxPageSize))
	if req.EventViewSpec == nil {
		newest := m.log.Collector(match)
		newest.End()
		return newest.Previous(limit), nil
	}
	if !m.byID { // what a server says to an element that its version of the API does not have
		return nil, simulator.Fault(`Unexpected element tag "eventViewSpec" seen`, new(types.InvalidRequest))
	}
	view, ok := req.EventViewSpec.(*types.EventManagerViewByStartId)
	if !ok {
		return nil, invalidArgument("eventViewSpec")
	}
	rows, err := m.log.After(view.StartEventId, view.IsForward, limit, match)
	if err != nil {
		return nil, invalidArgument("eventViewSpec.startEventId")
	}
	return rows, nil
}
