package vimjson

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
)

// Event is one event of a page. It is the caller's: nothing of it is written again.
type Event struct {
	Key      int32
	Created  time.Time // by vCenter's clock, UTC
	Class    string    // vSphere class, e.g. VmPoweredOnEvent
	TypeID   string    // eventTypeId of an EventEx or ExtendedEvent, else empty
	User     string
	Severity string // of an EventEx, else empty

	VM, Host, Dvs, Net, Ds, ComputeResource, Datacenter event.Ref // what it names, empty where it names nothing

	// Data is a JSON object or an XML element, in the reader's layout. Neighbours share one allocation of up to 64 KiB: who keeps a single
	// event for long keeps a copy.
	Data []byte

	// Flaw tells that Key or Created is not what vCenter meant, since the page had none or one that cannot be read. An
	// event with a flaw has no position in vCenter's history.
	Flaw error
}

// Entity is the most particular object that the event names.
func (e *Event) Entity() event.Ref {
	for _, ref := range []*event.Ref{&e.VM, &e.Host, &e.Dvs, &e.Net, &e.Ds, &e.ComputeResource} {
		if ref.Value != "" {
			return *ref
		}
	}
	return e.Datacenter
}

// role says which field of the header a field of the event is.
type role uint8

const (
	roleNone role = iota
	roleKey
	roleCreated
	roleUser
	roleTypeID
	roleSeverity
	roleVM
	roleHost
	roleDvs
	roleNet
	roleDs
	roleComputeResource
	roleDatacenter
)

var roles = map[reflect.Type]map[string]role{
	reflect.TypeFor[types.Event](): {
		"Key": roleKey, "CreatedTime": roleCreated, "UserName": roleUser, "Vm": roleVM, "Host": roleHost, "Dvs": roleDvs,
		"Net": roleNet, "Ds": roleDs, "ComputeResource": roleComputeResource, "Datacenter": roleDatacenter,
	},
	reflect.TypeFor[types.EventEx]():       {"EventTypeId": roleTypeID, "Severity": roleSeverity},
	reflect.TypeFor[types.ExtendedEvent](): {"EventTypeId": roleTypeID},
}

var (
	errKey     = errors.New("event has no key that is a number")
	errCreated = errors.New("event has no createdTime that is a time")
)

// header reads the value of a field back from out[at:].
func (e *emitter) header(r role, at int) {
	h := &e.event
	switch r {
	case roleKey:
		h.Key, e.keyed = integer(e.out[at:])
	case roleCreated:
		h.Created, e.timed = instant(e.out[at:])
	case roleUser:
		h.User = e.string(at, len(e.out))
	case roleTypeID:
		h.TypeID = e.string(at, len(e.out))
	case roleSeverity:
		h.Severity = e.string(at, len(e.out))
	default:
		if e.first.at != 0 {
			*h.ref(r) = e.ref(e.first)
		}
	}
}

func (e *emitter) flaw() error {
	switch {
	case !e.keyed:
		return errKey
	case !e.timed:
		return errCreated
	default:
		return nil
	}
}

func (e *Event) ref(r role) *event.Ref {
	switch r {
	case roleVM:
		return &e.VM
	case roleHost:
		return &e.Host
	case roleDvs:
		return &e.Dvs
	case roleNet:
		return &e.Net
	case roleDs:
		return &e.Ds
	case roleComputeResource:
		return &e.ComputeResource
	default:
		return &e.Datacenter
	}
}

func integer(text []byte) (int32, bool) {
	if digits(text) {
		n := int32(0)
		for _, c := range text {
			n = 10*n + int32(c-'0')
		}
		return n, true
	}
	n, err := strconv.ParseInt(string(text), 10, 32)
	return int32(n), err == nil
}

func instant(quoted []byte) (time.Time, bool) {
	text := quoted[1 : len(quoted)-1]
	if t, ok := utc(text); ok {
		return t, true
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	return t.UTC(), err == nil
}

// span is where a reference stands in emitter.out: its type from at, its value from value to end.
type span struct{ at, value, end int }

// string is the text of the JSON string out[at:end].
func (e *emitter) string(at, end int) string {
	quoted := e.out[at+1 : end-1]
	kept, known := e.strings.find(quoted)
	if !known {
		kept.value = unquoted(kept.quoted)
	}
	return kept.value
}

// ref is the reference that s tells.
func (e *emitter) ref(s span) event.Ref {
	kept, known := e.refs.find(e.out[s.at+1 : s.end-1])
	if !known {
		value := s.value - s.at // where the value begins, behind its quote
		kept.value = event.Ref{
			Type:  unquoted(kept.quoted[:value-len(referenceValue[e.layout])-len(`""`)]),
			Value: unquoted(kept.quoted[value:]),
		}
	}
	return kept.value
}

// unquoted is what a JSON string says that has text between its quotes.
func unquoted(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	return string(unquote(nil, []byte(text)))
}
