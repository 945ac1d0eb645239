package vcsim

import (
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// identityOf is what vCenter compares when it looks for bursts: type, object and user.
func identityOf(body any) history.Identity {
	event, ok := body.(types.BaseEvent)
	if !ok {
		return history.Identity{}
	}
	id := history.Identity{Class: eventTypeID(event), User: event.GetEvent().UserName}
	if refs := entitiesOf(event); len(refs) > 0 {
		id.Object = refs[0].Value
	}
	return id
}

var burstEventIDs = map[history.NoticeKind]string{
	history.BurstStarted:    "com.vmware.vc.EventBurstStartedEvent",
	history.BurstCompressed: "com.vmware.vc.EventBurstCompressedEvent",
	history.BurstEnded:      "com.vmware.vc.EventBurstEndedEvent",
	history.AllBurstsEnded:  "com.vmware.vc.AllEventBurstsEndedEvent",
}

// burstEvent is what vCenter stores about a burst.
func burstEvent(n history.Notice) types.BaseEvent {
	event := &types.EventEx{EventTypeId: burstEventIDs[n.Kind], Severity: string(types.EventEventSeverityWarning)}
	event.FullFormattedMessage = "Event burst: " + event.EventTypeId + " " + n.Class
	event.Message = event.FullFormattedMessage
	if n.Kind == history.AllBurstsEnded {
		return event
	}
	event.Arguments = []types.KeyAnyValue{
		argument("eventType", n.Class), argument("objectId", n.Object), argument("userName", n.User),
		argument("burstStartTime", n.Start),
	}
	if n.Kind == history.BurstCompressed {
		event.Arguments = append(event.Arguments, argument("count", int32(n.Count))) //nolint:gosec // far below 2^31
	}
	return event
}
