package event

import (
	"encoding/json"
	"strconv"
	"time"
)

// Gap is the data of a com.vcrelay.gap.v1 announcement: a stretch of history that the relay cannot deliver.
type Gap struct {
	Reason  string    `json:"reason"`            // what happened, in words an operator can act on
	FromKey int32     `json:"fromKey"`           // last key before the hole; 0 where there is none
	ToKey   int32     `json:"toKey"`             // first key after the hole; 0 where there is none yet
	From    time.Time `json:"fromTime,omitzero"` // createdTime of the last event before the hole
	To      time.Time `json:"toTime,omitzero"`   // createdTime of the first event after the hole
	Count   int       `json:"count,omitempty"`   // number of events in the hole, where known
}

// Announce makes the announcement of gap, which is published at the position of the hole. Its id is
// <instanceUuid>-gap-<from key>-<to key>, so the same hole found twice is one announcement.
func (gap Gap) Announce(origin *Origin) (Event, error) {
	data, err := json.Marshal(gap)
	if err != nil {
		return Event{}, err
	}
	created := gap.From
	if created.IsZero() {
		created = gap.To
	}
	return Event{
		Origin:       origin,
		Key:          gap.FromKey,
		Created:      created,
		Class:        "gap",
		Severity:     "error",
		Data:         data,
		kind:         "gap",
		announcement: origin.InstanceUUID + "-gap-" + strconv.Itoa(int(gap.FromKey)) + "-" + strconv.Itoa(int(gap.ToKey)),
	}, nil
}
