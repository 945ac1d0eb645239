package event

import "time"

const (
	// Overlap is how late vCenter may make an event visible, counted from its createdTime: after younger ones that were
	// read already. It covers too that the precision of vCenter's time filter is not documented.
	Overlap = time.Minute

	// FilterPrecision is how coarsely vCenter's time filter may round.
	FilterPrecision = 2 * time.Second

	// NearWrap is how close to the end of its range a key is when the counter starts anew rather than goes back.
	NearWrap = 1 << 24
)

// Position is where a stream stands in a vCenter's history: every event that it counts as done was acknowledged by the
// target. The zero Position is the beginning of history. It is stored in the checkpoint as JSON.
//
// A Position is not safe for concurrent use; Clone gives a reader one of its own.
type Position struct {
	Epoch   int       `json:"epoch"`            // grows when keys start anew (wrap, restore)
	Start   time.Time `json:"start,omitzero"`   // the first start: what was created earlier is not wanted
	Low     time.Time `json:"low,omitzero"`     // createdTime of the last event done, in the order of reading; may step back
	Key     int32     `json:"key"`              // its key
	Settled time.Time `json:"settled,omitzero"` // what was created until then was read when vCenter could hold nothing back any more
	Recent  Recent    `json:"recent"`           // what is done of that which a resumed reader reads again
}

// Advance counts e as done. Events are advanced in the order of reading and only when acknowledged. An event that came
// late is done without moving the place of reading.
func (p *Position) Advance(e *Event) {
	if e.Kind() == KindRewound {
		p.Epoch++
		p.Recent.begin()
	}
	if e.IsAnnouncement() && !e.unreadable {
		return
	}
	if !e.Late && !e.unreadable {
		p.Low, p.Key = e.Created, e.Key
	}
	p.Recent.add(e.Key, e.Created.UnixMicro())
	p.forget()
}

// Settle says that what was created until then is complete: nothing can turn up there any more. It moves back when
// vCenter's clock does.
func (p *Position) Settle(until time.Time) {
	if !until.IsZero() {
		p.Settled = until
		p.forget()
	}
}

func (p *Position) forget() {
	needed := p.Low.Add(-3 * Overlap)
	if !p.Settled.IsZero() {
		needed = p.Settled.Add(-Overlap) // room for a clock that steps back
		if p.Low.Before(p.Settled) {
			needed = p.Low.Add(-Overlap)
		}
	}
	p.Recent.forgetBefore(needed.UnixMicro())
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
	if settled := p.Settled.Add(-FilterPrecision); !p.Settled.IsZero() && settled.Before(from) {
		from = settled
	}
	if from.Before(p.Start) {
		return p.Start
	}
	return from
}

// KeyToReadFrom is the key after which a reader that resumes here by keys has to begin; found is false where only time
// can tell.
func (p *Position) KeyToReadFrom() (after int32, found bool) {
	lowest, found := p.Recent.lowest(p.ReadFrom().UnixMicro())
	return lowest - 1, found && lowest > 0 && p.Key > 0
}

// HighestKey is the highest key that is remembered, of those that the counter has given out since it started anew.
func (p *Position) HighestKey() int32 {
	if highest, found := p.Recent.highest(p.Key); found {
		return highest
	}
	return p.Key
}

// KeyBefore is the key before the lowest one that is remembered and may have been created at or after when; found is false
// where none is.
func (p *Position) KeyBefore(when time.Time) (key int32, found bool) {
	lowest, found := p.Recent.lowest(when.UnixMicro())
	return lowest - 1, found
}

// Rewound reports whether an event that is not done shows that vCenter's counter of keys started anew since Key: at
// the end of its range (wrapped), or because its database is an older one (a restore from backup).
func (p *Position) Rewound(key int32, created time.Time) (rewound, wrapped bool) {
	if p.Low.IsZero() || created.Before(p.Start) {
		return false, false
	}
	lower := key-p.Key < 0 // as int32: the natural successor of the largest key is the smallest
	switch {
	case p.Key > 0 && (key < 0 && !lower || key < NearWrap && p.Key > maxKey-NearWrap):
		return true, true
	case p.Recent.reused(key, created.UnixMicro()):
		return true, false
	default:
		return lower && created.After(p.Low.Add(Overlap)), false
	}
}

// OpenGap returns the key before the first one that is missing among the events created since Settled, found false when
// none is. vCenter may yet commit an event there.
func (p *Position) OpenGap() (before int32, found bool) {
	return p.Recent.gap(p.Settled.UnixMicro())
}

// Clone returns a copy that shares nothing with p.
func (p *Position) Clone() Position {
	clone := *p
	clone.Recent = p.Recent.clone()
	return clone
}
