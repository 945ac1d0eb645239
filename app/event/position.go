package event

import "time"

// Overlap is how far before Low a resumed reader starts again. vCenter may commit an event after younger ones, and the
// precision of its time filter is not documented, so history is read again from a little earlier and what was done
// is left out by [Position.Done].
const Overlap = time.Minute

// keepRecent is how long Recent remembers: the overlap, and room for a clock that steps back.
const keepRecent = 3 * Overlap

// Position is where a stream stands in a vCenter's history: every event that it counts as done was acknowledged by the
// target. The zero Position is the beginning of history. It is stored in the checkpoint as JSON.
//
// A Position is not safe for concurrent use; Clone gives a reader one of its own.
type Position struct {
	Epoch  int       `json:"epoch"`          // grows when keys start anew (wrap, restore)
	Start  time.Time `json:"start,omitzero"` // the first start: what was created earlier is not wanted
	Low    time.Time `json:"low,omitzero"`   // createdTime of the last event done, in the order of reading; may step back
	Key    int32     `json:"key"`            // its key
	Recent Recent    `json:"recent"`         // what is done among the events around Low
}

// Advance counts e as done. Events are advanced in the order of reading and only when acknowledged.
func (p *Position) Advance(e *Event) {
	if e.IsAnnouncement() {
		return
	}
	p.Low, p.Key = e.Created, e.Key
	p.Recent.add(e.Key, e.Created.UnixMicro())
	p.Recent.forgetBefore(p.Low.Add(-keepRecent).UnixMicro())
}

// Done reports whether the event with this key and createdTime needs no publishing: it was acknowledged already, or it
// lies before the wanted start. Key and time are compared together, since a restored vCenter uses keys again.
func (p *Position) Done(key int32, created time.Time) bool {
	return created.Before(p.Start) || p.Recent.has(key, created.UnixMicro())
}

// ReadFrom is where a reader that resumes here has to begin; the zero time is the beginning of history.
func (p *Position) ReadFrom() time.Time {
	if p.Low.IsZero() {
		return p.Start
	}
	from := p.Low.Add(-Overlap)
	if from.Before(p.Start) {
		return p.Start
	}
	return from
}

// Clone returns a copy that shares nothing with p.
func (p *Position) Clone() Position {
	clone := *p
	clone.Recent = p.Recent.clone()
	return clone
}
