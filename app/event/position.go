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
	Clock   Clock     `json:"clock,omitzero"`   // when vCenter was asked for its time last before history was settled
	Recent  Recent    `json:"recent"`           // what is done of that which a resumed reader reads again
	Started *Gap      `json:"started,omitzero"` // the first start, until it was announced
}

// Clock is vCenter's clock beside ours at one moment. Ours is asked for nothing but how much time has passed since.
type Clock struct {
	Theirs time.Time `json:"theirs"`
	Ours   time.Time `json:"ours"`
}

// Step is how far vCenter's clock has gone forward against ours between two moments; negative when it went back.
func (c Clock) Step(before Clock) time.Duration {
	return c.Theirs.Sub(before.Theirs) - c.Ours.Sub(before.Ours)
}

// Advance counts e as done. Events are advanced in the order of reading and only when acknowledged. An event that came
// late is done without moving the place of reading.
func (p *Position) Advance(e *Event) {
	if e.Kind() == KindRewound {
		p.Epoch++
		p.Recent.begin()
	}
	if e.Kind() == KindStarted {
		p.Started = nil
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

// Complete counts a page as read, when every event of it is done.
func (p *Position) Complete(page *Page) {
	p.Clock = page.Clock
	p.Settle(page.Settled)
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
	p.Recent.forgetBefore(p.needed().UnixMicro())
}

// needed is the time since which nothing that is done is forgotten.
func (p *Position) needed() time.Time {
	switch {
	case p.Settled.IsZero():
		return p.Low.Add(-3 * Overlap)
	case p.Low.Before(p.Settled):
		return p.Low.Add(-Overlap)
	default:
		return p.Settled.Add(-Overlap) // room for a clock that steps back
	}
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

// KeyToReadFrom is the key after which a reader that resumes here by keys has to begin: the last before those that it has
// to read again, since the keys between may yet turn up. Found is false where only time can tell.
func (p *Position) KeyToReadFrom() (after int32, found bool) {
	after, found = p.Recent.before(p.ReadFrom().UnixMicro())
	return after, found && after >= 0 && p.Key > 0
}

// HighestKey is the highest key that is remembered, of those that the counter has given out since it started anew.
func (p *Position) HighestKey() int32 {
	if highest, found := p.Recent.highest(p.Key); found {
		return highest
	}
	return p.Key
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
	case p.Reused(key, created):
		return true, false
	default:
		return (lower || p.unwrapped(key)) && created.After(p.Low.Add(Overlap)), false
	}
}

// Reused reports whether the key stands for an event of another time that is done, as after a restore from backup.
func (p *Position) Reused(key int32, created time.Time) bool {
	return p.Recent.reused(key, created.UnixMicro())
}

// unwrapped tells whether the counter stands before the end of its range though it had begun at the low keys: the backup is
// from before the wrap. The way back is so long that as a difference of int32 it is one upward.
func (p *Position) unwrapped(key int32) bool {
	return 0 <= p.Key && p.Key < NearWrap && key > maxKey-NearWrap
}

// BeganAnew tells whether the counter of keys started anew among what is remembered: an order by key is none by time there.
func (p *Position) BeganAnew() bool { return p.Recent.populated() > 1 }

// OpenGap returns the key before the first one that is missing among the events created since Settled, found false when
// none is. vCenter may yet commit an event there.
func (p *Position) OpenGap() (before int32, found bool) {
	return p.Recent.gap(p.Settled.UnixMicro())
}

// Missing counts the keys between two that no remembered event has.
func (p *Position) Missing(after, before int32) int {
	return p.Recent.missing(after, before)
}

// Clone returns a copy that shares nothing with p.
func (p *Position) Clone() Position {
	clone := *p
	clone.Recent = p.Recent.clone()
	return clone
}
