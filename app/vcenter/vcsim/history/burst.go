package history

import (
	"time"
)

// Burst is vCenter's filter of identical events: once Limit of them have come within Window, the next ones are not
// stored until they come slower. Rows that say so are stored instead.
type Burst struct {
	Limit    int                     // default 30
	Window   time.Duration           // default 30 s
	Identity func(body any) Identity // events with the same are identical; the zero Identity is never suppressed
	Notice   func(Notice) any        // the body of a row that says so; nil: there are no such rows
	Live     bool                    // a cursor that was there before a suppressed row reads it all the same
}

// Identity is what makes two events the same.
type Identity struct{ Class, Object, User string }

// Notice is what vCenter says about a burst.
type Notice struct {
	Kind NoticeKind
	Identity
	Count int       // events suppressed: those of a BurstCompressed
	Start time.Time // of the burst's first event
}

// NoticeKind is one of the four events about bursts.
type NoticeKind uint8

const (
	// BurstStarted comes before the first event that is suppressed.
	BurstStarted NoticeKind = iota
	// BurstCompressed tells at the end how many were suppressed.
	BurstCompressed
	// BurstEnded comes after it.
	BurstEnded
	// AllBurstsEnded comes when no burst is left; its Identity is zero.
	AllBurstsEnded
)

// bursts is the state of the filter.
type bursts struct {
	Burst
	on     bool
	runs   map[Identity]*run
	active []*run // by start
}

// run is the last events of one identity.
type run struct {
	Identity
	times      []int64 // a ring of the last Limit
	next       int
	last       int64
	start      int64
	suppressed int
}

func (b *bursts) set(config *Burst) {
	*b = bursts{on: config != nil && config.Identity != nil}
	if !b.on {
		return
	}
	b.Burst = *config
	if b.Limit <= 0 {
		b.Limit = 30
	}
	if b.Window <= 0 {
		b.Window = 30 * time.Second
	}
	b.forget()
}

func (b *bursts) forget() { b.runs, b.active = map[Identity]*run{}, nil }

// SetBurst replaces the burst filter; nil switches it off. Bursts under way end.
func (d *Database) SetBurst(config *Burst) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endBursts(d.now(), func(*run) bool { return true })
	d.bursts.set(config)
	d.rebuild() // Live may differ
}

// Settle ends the bursts that are over. Commits do it as well, so it only matters while there are none.
func (d *Database) Settle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle(d.now())
}

func (d *Database) settle(now int64) {
	window := d.bursts.Window.Microseconds()
	d.endBursts(now, func(r *run) bool { return now-r.last >= window })
}

// compress tells whether an event is kept out.
func (d *Database) compress(body any, now int64) flags {
	if !d.bursts.on {
		return 0
	}
	id := d.bursts.Identity(body)
	if id == (Identity{}) {
		return 0
	}
	r := d.bursts.run(id)
	first, full := r.push(now, d.bursts.Limit)
	if !full || now-first >= d.bursts.Window.Microseconds() {
		d.endBursts(now, func(other *run) bool { return other == r })
		return 0
	}
	if r.suppressed == 0 {
		r.start = first
		d.bursts.active = append(d.bursts.active, r)
		d.notice(Notice{Kind: BurstStarted, Identity: id, Start: time.UnixMicro(first).UTC()}, now)
	}
	r.suppressed++
	return compressed
}

func (b *bursts) run(id Identity) *run {
	r, known := b.runs[id]
	if !known {
		r = &run{Identity: id}
		b.runs[id] = r
	}
	return r
}

// push adds a time and returns the one that it replaces, the limit-th before it, if there is one.
func (r *run) push(now int64, limit int) (first int64, full bool) {
	r.last = now
	if len(r.times) < limit {
		r.times = append(r.times, now)
		return 0, false
	}
	first, r.times[r.next] = r.times[r.next], now
	r.next = (r.next + 1) % limit
	return first, true
}

// endBursts ends the active ones that over says yes to.
func (d *Database) endBursts(now int64, over func(*run) bool) {
	if len(d.bursts.active) == 0 {
		return
	}
	ended := d.bursts.active
	d.bursts.active = nil
	for _, r := range ended {
		if !over(r) {
			d.bursts.active = append(d.bursts.active, r)
			continue
		}
		about := Notice{Kind: BurstCompressed, Identity: r.Identity, Count: r.suppressed, Start: time.UnixMicro(r.start).UTC()}
		d.notice(about, now)
		about.Kind, about.Count = BurstEnded, 0
		d.notice(about, now)
		r.suppressed = 0
	}
	if len(d.bursts.active) == 0 {
		d.notice(Notice{Kind: AllBurstsEnded}, now)
	}
}

// notice stores a row about a burst.
func (d *Database) notice(n Notice, now int64) {
	if d.bursts.Notice == nil {
		return
	}
	d.append(record{body: d.bursts.Notice(n), created: now, committed: now, key: d.allot()})
}
