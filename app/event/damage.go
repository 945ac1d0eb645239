package event

import (
	"encoding/json"
	"time"
)

// damage is the data of the announcement of a stored position that cannot be read.
type damage struct {
	Reason string `json:"reason"`
	Stream string `json:"stream"`
	Record string `json:"record"`         // store and key
	Copy   string `json:"copy,omitempty"` // key under which its text is kept
}

// Announce makes the announcement that a stream waits because of the damage. Its id is <instanceUuid>-damaged-<digest>.
func (e *DamagedError) Announce(origin *Origin, stream string) Event {
	data, err := json.Marshal(damage{
		Reason: "the stored position cannot be read, and nothing is relayed until somebody has put it right or deleted it: " + e.Err.Error(),
		Stream: stream, Record: e.Record, Copy: e.Copy,
	})
	if err != nil { // texts always marshal
		data = []byte("{}")
	}
	return Event{
		Origin: origin, Created: time.Now(), Class: string(KindDamaged), Severity: KindDamaged.severity(), Data: data, kind: KindDamaged,
		announcement: origin.InstanceUUID + "-" + string(KindDamaged) + "-" + e.Digest,
	}
}
