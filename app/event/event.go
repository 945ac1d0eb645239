package event

import (
	"strconv"
	"time"
)

// Origin is the vCenter that an event came from.
type Origin struct {
	InstanceUUID string // about.instanceUuid: the identity of a vCenter, whatever its URL
	Source       string // SDK URL without credentials, e.g. https://vcenter.example.com/sdk
	Name         string // the configured name
	APIVersion   string // about.apiVersion, e.g. 8.0.3.0
}

// Ref names an inventory object by vCenter's own type and id, e.g. VirtualMachine and vm-62.
type Ref struct{ Type, Value string }

// String is `<Type>:<Value>`, or empty for an event that concerns no object.
func (r Ref) String() string {
	return string(r.append(nil))
}

func (r Ref) append(out []byte) []byte {
	if r.Value == "" {
		return out
	}
	out = append(append(out, r.Type...), ':')
	return append(out, r.Value...)
}

// Class names of the two vSphere event classes whose meaning is in an id and not in the class.
const (
	ClassEventEx       = "EventEx"
	ClassExtendedEvent = "ExtendedEvent"
)

// Event is one vCenter event, or an announcement about vCenter's history (see [Gap]). It is not changed after it was
// made, so it may be shared between goroutines.
type Event struct {
	Origin   *Origin
	Key      int32     // vCenter's key: it wraps, and goes back after a restore
	Created  time.Time // by vCenter's clock
	Class    string    // vSphere class, e.g. VmPoweredOnEvent
	TypeID   string    // EventTypeId of an EventEx, eventTypeId of an ExtendedEvent, else empty
	Entity   Ref       // what the event is about: the order of events is kept per entity
	Severity string    // info, warning, error, user; empty where unknown
	Late     bool      // committed by vCenter after events that follow it were already read
	Data     []byte    // JSON object or XML element, in the layout that the source was opened with

	Profile   Profile // how it is laid out as a CloudEvent, if it is one of vCenter
	Whole     bool    // the order of all events of its vCenter is kept, so they share one partition key
	Truncated bool    // Data is not whole, see Trim
	Refusal   string  // of a dead letter: what the target said

	announcement string // id of an announcement, and
	kind         Kind   // its kind; empty for an event of vCenter
	unreadable   bool   // Key and Created are those of an event that could not be read
}

// Name is the event's name: the EventTypeId where the class is only an envelope, else the class.
func (e *Event) Name() string {
	if e.TypeID != "" {
		return e.TypeID
	}
	return e.Class
}

// ID is the CloudEvent id; see the package comment.
func (e *Event) ID() string {
	return string(e.appendID(nil))
}

func (e *Event) appendID(out []byte) []byte {
	if e.announcement != "" {
		return append(out, e.announcement...)
	}
	out = append(append(out, e.Origin.InstanceUUID...), '-')
	out = append(strconv.AppendInt(out, int64(e.Key), 10), '-')
	return strconv.AppendInt(out, e.Created.UnixMicro(), 10)
}

// Subject is the CloudEvent subject, empty where the profile has none.
func (e *Event) Subject() string {
	switch {
	case e.IsAnnouncement():
		return e.Name()
	case e.Profile == ProfileKnative, e.Profile == ProfileKnativeXML:
		return ""
	default:
		return e.Name()
	}
}

// Type is the CloudEvent type.
func (e *Event) Type() string {
	return string(e.appendType(nil))
}

func (e *Event) appendType(out []byte) []byte {
	if e.kind != "" {
		return append(append(append(out, "com.vcrelay."...), e.kind...), ".v1"...)
	}
	if e.Profile == ProfileEventRouter {
		return append(append(out, "com.vmware.event.router/"...), e.class()...)
	}
	return append(append(append(out, typePrefix...), e.Name()...), typeSuffix...)
}

// What stands around the event name in a type of the default profile.
const (
	typePrefix = "com.vmware.vsphere."
	typeSuffix = ".v0"
)

// Kind is empty for an event of vCenter.
func (e *Event) Kind() Kind { return e.kind }

// IsAnnouncement tells a message of the relay about the history from an event of vCenter.
func (e *Event) IsAnnouncement() bool { return e.kind != "" }

// PartitionKey is equal for two events exactly when their order has to be kept.
func (e *Event) PartitionKey() string {
	return string(e.appendPartitionKey(nil))
}

func (e *Event) appendPartitionKey(out []byte) []byte {
	out = append(out, e.Origin.InstanceUUID...)
	if e.Entity.Value == "" || e.Whole {
		return out
	}
	return e.Entity.append(append(out, '/'))
}

// Sequence sorts as text in the order of creation: createdTime in unix microseconds (16 digits), `-`, the key as
// unsigned number (10 digits), so that events after a wrap of the key still sort by their time.
func (e *Event) Sequence() string { return string(e.appendSequence(nil)) }

func (e *Event) appendSequence(out []byte) []byte {
	out = append(appendPadded(out, uint64(max(e.Created.UnixMicro(), 0)), 16), '-')
	return appendPadded(out, uint64(uint32(e.Key)), 10) //nolint:gosec // meant
}

// appendPadded appends n with zeros before it, up to width digits.
func appendPadded(out []byte, n uint64, width int) []byte {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], n, 10)
	for range width - len(text) {
		out = append(out, '0')
	}
	return append(out, text...)
}

// class is the value of the extension `eventclass`, as sources-for-knative and the VMware Event Router spell it.
func (e *Event) class() string {
	switch e.Class {
	case ClassEventEx:
		return "eventex"
	case ClassExtendedEvent:
		return "extendedevent"
	default:
		return "event"
	}
}
