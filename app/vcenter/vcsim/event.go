package vcsim

import (
	"reflect"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// bodyOf is the event of a row. Many rows share one body, and it is never written to; key, chainId and createdTime stand
// in the row alone, so that a million events of a few hundred bodies cost little more than their rows.
func bodyOf(r *history.Row) types.BaseEvent {
	body, ok := r.Body.(types.BaseEvent)
	if !ok {
		return &types.Event{} // not reached: nothing else is ever committed
	}
	return body
}

// eventOf is the event as a client sees it: a copy of the body with its own key, chain and time. What the copy points to
// is shared and must not be changed.
func eventOf(r *history.Row) types.BaseEvent {
	body := reflect.ValueOf(bodyOf(r)).Elem()
	fresh := reflect.New(body.Type())
	fresh.Elem().Set(body)
	event := fresh.Interface().(types.BaseEvent)
	head := event.GetEvent()
	head.Key, head.ChainId, head.CreatedTime = r.Key, r.Chain, r.CreatedTime()
	if task, ok := event.(*types.TaskEvent); ok {
		stampTask(&task.Info, r)
	}
	return event
}

// stampTask fills what a shared TaskEvent body leaves open because it differs from event to event.
func stampTask(info *types.TaskInfo, r *history.Row) {
	if info.EventChainId == 0 {
		info.EventChainId = r.Chain
	}
	if info.QueueTime.IsZero() {
		info.QueueTime = r.CreatedTime()
	}
}

// render is the page of a reader with that filter.
func render(rows []history.Row, spec types.EventFilterSpec) []types.BaseEvent {
	var events []types.BaseEvent
	for i := range rows {
		event := eventOf(&rows[i])
		if disabled := spec.DisableFullMessage; disabled != nil && *disabled {
			event.GetEvent().FullFormattedMessage = ""
		}
		events = append(events, event)
	}
	return events
}
