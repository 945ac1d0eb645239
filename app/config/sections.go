package config

// The fleet file as it is written. Its reader, its JSON Schema and the list of its keys are made from the tags:
//
//	key    name of the key
//	need   the remedy where the key is missing; without it the key may be left out
//	form   the form of the value, or of each item of a list: a name in forms, of a number one in amounts
//	one    the only values, or items, that there are
//	looks  a pattern for the schema alone, where reading the value says more
//	about  the description in the schema
type fleetSection struct {
	Vcenters list[vcenterSection] `key:"vcenters" need:"list the vCenters to read, each with name, url and an account" about:"The vCenters to read."`
	Routes   list[routeSection]   `key:"routes" need:"list at least one route, e.g. - name: default" about:"What is published where. Each vCenter of a route is a stream with a stored position of its own."`
}

type vcenterSection struct {
	spot
	Name         text `key:"name" need:"give it a name, e.g. prod" form:"name" about:"Name for people, unique in the file: in metrics, in logs, and in the extension vcname."`
	URL          text `key:"url" need:"give the address of vCenter, e.g. https://vcenter.example.com" looks:"^(https?://[^/@\\s]+|[^/@:\\s]+(:[0-9]+)?|\\[[0-9A-Fa-f:.]+\\](:[0-9]+)?)(/[^@\\s]*)?$" about:"Address of vCenter, e.g. https://vcenter.example.com, without credentials."`
	Username     text `key:"username" about:"Account; Read-only on the root suffices. Or secret://<Dapr secret store>/<name>#<key>."`
	UsernameFile text `key:"usernameFile" about:"File that holds the account. A relative path begins at the folder of this file."`
	Password     text `key:"password" about:"secret://<Dapr secret store>/<name>#<key>, asked at each login; or the password itself, which is better kept in a file."`
	PasswordFile text `key:"passwordFile" about:"File that holds the password, read at each login. A relative path begins at the folder of this file."`
	Thumbprint   text `key:"thumbprint" form:"thumbprint" about:"SHA-256 thumbprint of vCenter's certificate (AA:BB:...); then no other is accepted."`
	CAFile       text `key:"caFile" about:"PEM file of the authority that signed vCenter's certificate, read at each login. A relative path begins at the folder of this file."`
	KnownHosts   text `key:"knownHosts" about:"File of lines: host, space, thumbprint. A relative path begins at the folder of this file."`
	Insecure     flag `key:"insecure" about:"true accepts any certificate: only for a laboratory."`
	Start        text `key:"start" looks:"^(now|oldest|-.+|[0-9]{4}-.+)$" about:"Where the very first start begins: now, oldest, -2h, or a time (RFC 3339). It has no say where a position is stored. Default: VCRELAY_START."`
}

type routeSection struct {
	spot
	Name          text   `key:"name" need:"give it a name, e.g. default" form:"route" about:"Unique in the file. It is part of the name of the stored position: a renamed route starts anew."`
	Vcenters      texts  `key:"vcenters" about:"The vCenters of this route, by name or by pattern (prod-*). Default: all."`
	Events        texts  `key:"events" form:"event" about:"Only these events, selected by vCenter itself: classes and EventTypeIds. Default: all."`
	Severities    texts  `key:"severities" one:"info warning error user" about:"Only events of these severities, selected by vCenter itself; bursts are told only if vCenter's event about them is one. Default: all."`
	Filter        text   `key:"filter" about:"CEL expression; only events for which it is true are published."`
	Pattern       free   `key:"pattern" about:"EventBridge pattern, as YAML or as a text of JSON; only events that match it are published. Beside a filter both must let the event pass."`
	Profile       text   `key:"profile" one:"default event-router knative knative-xml" about:"How an event is laid out as a CloudEvent. Default: default."`
	Target        text   `key:"target" looks:"^(pubsub://[^/?#@]+/[^/?#@]+|binding://[^/?#@]+(\\?.+)?)$" about:"Where events go: pubsub://<component>/<topic> or binding://<component>?operation=<operation>. A topic may hold fields: {vcenter} {vcname} {name} {class} {severity} {entitytype} {dotted}. Default: VCRELAY_TARGET."`
	Mode          text   `key:"mode" one:"structured binary" about:"How a binding gets a CloudEvent: as one JSON document, or as data with its attributes beside it. Default: structured."`
	DeadLetter    text   `key:"deadLetter" looks:"^(pubsub://[^/?#@]+/[^/?#@]+|binding://[^/?#@]+(\\?.+)?)$" about:"Where refused events go. Default: the topic <topic>-deadletter of the same component; a binding has none."`
	Order         text   `key:"order" one:"entity strict none" about:"Which events must not overtake each other: those of one entity, all of a vCenter, none. Default: VCRELAY_ORDER."`
	Window        number `key:"window" form:"window" about:"Most events ahead of the stored position: so many a crash may repeat; with more a backlog drains faster. Default: VCRELAY_WINDOW."`
	MaxEventBytes number `key:"maxEventBytes" form:"bytes" about:"An event with more data is trimmed and marked truncated; 0 trims none. Default: VCRELAY_MAX_EVENT_BYTES."`
	Checkpoint    flag   `key:"checkpoint" about:"false keeps no position: events at most once, from each start on. Default: true."`
	OwnStream     flag   `key:"ownStream" about:"true says that the topic has a JetStream stream of its own, so that two routes may share the component. Default: false."`
}
