package vcsim

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// The faults of single events, of which count (default 1) enter the history.
//
//	unknown  a class and fields that no library knows
//	huge     a message of size MB (default 1)
//	deep     elements in elements, depth of them (default 1000), in a field that no library knows
var eventKinds = []kind{
	eventKind("unknown", func(*arguments) types.BaseEvent { return unknownEvent() }),
	eventKind("huge", func(a *arguments) types.BaseEvent { return hugeEvent(a.number("size", 1, 1, 256)) }),
	eventKind("deep", func(a *arguments) types.BaseEvent { return deepEvent(a.number("depth", 1000, 1, 1_000_000)) }),
}

func eventKind(name string, body func(a *arguments) types.BaseEvent) kind {
	return kind{name: name, make: func(s *Server, a *arguments, struck func()) effect {
		count, event := a.number("count", 1, 1, maxPosted), body(a)
		return effect{begin: func() {
			for range count {
				s.log.Commit(event)
				struck()
			}
		}}
	}}
}

func unknownEvent() types.BaseEvent {
	event := &rawEvent{Event: base("A machine was teleported"), class: "VmTeleportedEvent"}
	event.inner = `<destination xsi:type="PlanetEventArgument"><name>Mars &amp; moons</name><moons>2</moons></destination>` +
		`<passengers>1</passengers><passengers>2</passengers><manifest xsi:type="CargoManifest"><sealed>true</sealed></manifest>`
	return event
}

func hugeEvent(megabytes int) types.BaseEvent {
	event := &types.EventEx{Event: base("A huge message follows"), EventTypeId: "com.example.huge", Severity: "info"}
	event.Message = strings.Repeat("0123456789abcdef", megabytes<<20/16)
	return event
}

func deepEvent(depth int) types.BaseEvent {
	event := &rawEvent{Event: base("A deep event"), class: "GeneralUserEvent"}
	event.inner = "<message>deep</message>" + strings.Repeat("<nested>", depth) + strings.Repeat("</nested>", depth)
	return event
}
