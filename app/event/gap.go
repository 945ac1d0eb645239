package event

import (
	"encoding/json"
	"strconv"
	"time"
)

// Kind tells announcements apart: messages of the relay about a vCenter's history, published among its events.
type Kind string

// An announcement's CloudEvent type is com.vcrelay.<kind>.v1.
const (
	KindGap        Kind = "gap"          // events that vCenter no longer has, or that could not be read
	KindRewound    Kind = "rewound"      // the counter of keys started anew: it wrapped, or the database is an older one
	KindStalled    Kind = "stalled"      // vCenter has newer events and shows none: reading goes on by slices of time
	KindCompressed Kind = "compressed"   // events that vCenter's burst filter did not store
	KindSetAside   Kind = "deadlettered" // an event that the target refuses while it takes others
	KindStarted    Kind = "started"      // the first start of a stream: what lies before is not relayed
	KindDamaged    Kind = "damaged"      // the stored position cannot be read: nothing is relayed until somebody decides
)

// Gap is the data of an announcement: the stretch of history that it is about.
type Gap struct {
	Kind    Kind      `json:"-"`                 // KindGap when empty
	Reason  string    `json:"reason"`            // what happened, in words an operator can act on
	FromKey int32     `json:"fromKey"`           // last key before the stretch; 0 where there is none
	ToKey   int32     `json:"toKey"`             // first key after it; 0 where there is none yet
	From    time.Time `json:"fromTime,omitzero"` // createdTime of the last event before the stretch, or until when history was settled
	To      time.Time `json:"toTime,omitzero"`   // createdTime of the first event after it
	Count   int       `json:"count,omitempty"`   // number of events that are missing, where known

	// The one event that could not be read, where it says which one it is. Then the keys before are those next to it, and the
	// times its own.
	Key     int32     `json:"key,omitempty"`
	Created time.Time `json:"createdTime,omitzero"`
}

// Announce makes the announcement of gap, which is published at the position of the stretch. Its id is
// <instanceUuid>-<kind>-<from key>-<to key>, so the same one found twice is one announcement; that of a first start has its time
// in unix microseconds in place of the keys.
func (gap Gap) Announce(origin *Origin) (Event, error) {
	if gap.Kind == "" {
		gap.Kind = KindGap
	}
	data, err := json.Marshal(gap)
	if err != nil {
		return Event{}, err
	}
	id := string(gap.Kind) + "-" + strconv.Itoa(int(gap.FromKey)) + "-" + strconv.Itoa(int(gap.ToKey))
	if gap.Kind == KindStarted {
		id = string(gap.Kind) + "-" + strconv.FormatInt(max(gap.To.UnixMicro(), 0), 10)
	}
	key, created := gap.FromKey, gap.From
	switch {
	case !gap.Created.IsZero():
		key, created = gap.Key, gap.Created
	case created.IsZero():
		created = gap.To
	}
	return Event{
		Origin:       origin,
		Key:          key,
		Created:      created,
		unreadable:   !gap.Created.IsZero(),
		Class:        string(gap.Kind),
		Severity:     gap.Kind.severity(),
		Data:         data,
		kind:         gap.Kind,
		announcement: origin.InstanceUUID + "-" + id,
	}, nil
}

// SetAside makes the announcement that is published in place of e when the target refuses it for what it is. It says which
// event that was, and keeps its place among those of its entity.
func (e *Event) SetAside(reason string) Event {
	announcement, err := Gap{
		Kind: KindSetAside, Reason: "the target refuses this event and takes others, so it was dead-lettered: " + reason, Count: 1,
		FromKey: e.Key - 1, Key: e.Key, ToKey: e.Key + 1, From: e.Created, Created: e.Created, To: e.Created,
	}.Announce(e.Origin)
	if err != nil { // a time that JSON does not know
		return Event{Origin: e.Origin, Key: e.Key, kind: KindSetAside, Class: string(KindSetAside), Entity: e.Entity, Data: []byte(`{"reason":"unknown"}`), announcement: e.ID() + "-deadlettered"}
	}
	announcement.Entity = e.Entity
	return announcement
}

func (k Kind) severity() string {
	switch k {
	case KindGap, KindSetAside, KindDamaged:
		return "error"
	case KindStarted, KindCanary:
		return "info"
	default:
		return "warning"
	}
}
