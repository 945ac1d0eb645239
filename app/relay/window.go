package relay

import (
	"bytes"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// window holds the events that were read and that the position has not come past, in the order of reading. It knows which of
// them may be sent now, and how far all before were acknowledged.
type window struct {
	order   event.Order
	native  bool // the target stores the events of a request in their order, when it takes all of them
	trouble bool // it may take a part, and a later event of an entity without the one before
	most    int  // events that are not stored
	entries []*entry
	saved   bool // the position is stored up to the first of them
	size    int  // bytes of data
	passed  int  // entries that are not wanted
	flying  int  // entries on their way
	lanes   map[event.Ref]*lane
	looks   int // how often it was looked for what may be sent
}

// lane is an entity with events in the window. Entries point to theirs, since a look at the window is one at each of them.
type lane struct {
	wanted int // entries
	flying int // of them, on their way
	held   int // the last look that may find no other of them
}

type entry struct {
	event event.Event  // as it is sent, whole or what is left of it
	told  *event.Event // the announcement that it was set aside, which is sent in its place
	size  int          // of data, as it was added
	lane  *lane        // nil when it is not wanted
	state state
	page  *event.Page // that it is the last event of
	pass  bool        // it is not wanted: only the position comes past it

	failed bool      // a request with it failed
	most   int       // the largest request that it may travel in; 0: any
	alone  int       // how often it was refused alone while others were taken, and
	reason string    // what the target said
	due    time.Time // not to be sent before
	cut    bool      // it could not be dead-lettered whole
}

// out is what is sent.
func (e *entry) out() *event.Event {
	if e.told != nil {
		return e.told
	}
	return &e.event
}

// setAside puts the announcement that it was set aside in its place.
func (e *entry) setAside() {
	told := e.event.SetAside(e.reason)
	told.Whole = e.event.Whole
	e.told, e.event.Data = &told, nil
	e.most, e.alone, e.due, e.cut = 0, 0, time.Time{}, false
}

type state int

const (
	waiting state = iota
	flying
	done
)

func newWindow(order event.Order, native bool, most int) *window {
	return &window{order: order, native: native, most: most, lanes: make(map[event.Ref]*lane)}
}

// add appends an event, and copies its data: the page that it stands in is used again. What is larger than most bytes is
// trimmed, if that is not 0.
func (w *window) add(e *event.Event, most int) {
	added := &entry{event: *e, lane: w.lane(e.Entity)}
	added.lane.wanted++
	if most > 0 && len(e.Data) > most {
		added.event = e.Trim(most)
	} else {
		added.event.Data = bytes.Clone(e.Data)
	}
	added.event.Whole = w.order == event.OrderStrict
	added.size = len(added.event.Data)
	w.size += added.size
	w.entries = append(w.entries, added)
}

func (w *window) lane(entity event.Ref) *lane {
	l := w.lanes[entity]
	if l == nil {
		l = new(lane)
		w.lanes[entity] = l
	}
	return l
}

// pass appends an event that is not wanted.
func (w *window) pass(e *event.Event) {
	added := &entry{event: *e, state: done, pass: true}
	added.event.Data = nil
	w.passed++
	w.entries = append(w.entries, added)
}

// room tells whether another event may come in, when so many are not stored.
func (w *window) room(unsaved int) bool {
	return len(w.entries)-w.passed+unsaved < w.most && w.size < windowBytes && w.passed < mostPassed
}

// complete notes that the last event was the last of a page, and reports false when there is none.
func (w *window) complete(page *event.Page) bool {
	if len(w.entries) == 0 {
		return false
	}
	w.entries[len(w.entries)-1].page = page
	return true
}

// pick returns what may be sent in one request at a time: at most so many events, whose order does not matter.
func (w *window) pick(now time.Time, most int) []*entry {
	if w.order == event.OrderStrict && w.flying > 0 {
		return nil
	}
	var picked []*entry
	size := 0
	w.looks++
	for i, e := range w.entries {
		if e.state != waiting {
			continue
		}
		if !w.free(i, now) {
			if w.order == event.OrderStrict {
				break
			}
			continue
		}
		if e.most > 0 {
			most = min(most, e.most)
		}
		if size += len(e.out().Data); len(picked) >= most || len(picked) > 0 && size > maxBatchBytes {
			break
		}
		picked = append(picked, e)
	}
	return picked
}

// free tells whether an event may be sent before all that are not acknowledged, and holds back those behind it that may not, for
// this look.
func (w *window) free(i int, now time.Time) bool {
	e := w.entries[i]
	ready := !now.Before(e.due) && !w.waits(i)
	if w.order == event.OrderEntity && e.event.Entity.Value != "" {
		if e.lane.held == w.looks || e.lane.flying > 0 {
			return false
		}
		if !w.native || w.trouble || !ready {
			e.lane.held = w.looks
		}
	}
	return ready
}

// waits tells whether an event has to wait for all before it. An announcement does, until those are stored: its id begins at
// the stored position, so that it is the same when it is told again after a crash. The event behind one waits for it: the
// announcement may be about that event, and after a crash vCenter need not have it any more.
func (w *window) waits(i int) bool {
	if w.entries[i].event.IsAnnouncement() {
		return i > 0 || !w.saved
	}
	return i > 0 && w.entries[i-1].event.IsAnnouncement() && w.entries[i-1].state != done
}

// told tells whether an announcement is the first, which waits until all before it are stored.
func (w *window) told() bool { return len(w.entries) > 0 && w.entries[0].event.IsAnnouncement() }

// candidates are the events that may be sent now, each alone.
func (w *window) candidates(now time.Time) []*entry {
	if w.order == event.OrderStrict {
		return w.pick(now, 1)
	}
	var free []*entry
	w.looks++
	for i, e := range w.entries {
		if e.state == waiting && w.free(i, now) {
			free = append(free, e)
		}
	}
	return free
}

// mark notes what became of entries.
func (w *window) mark(entries []*entry, to state) {
	for _, e := range entries {
		switch {
		case e.state == to:
			continue
		case to == flying:
			w.flying++
			e.lane.flying++
		case e.state == flying:
			w.flying--
			e.lane.flying--
		}
		e.state = to
	}
}

// advance moves the position over the events that were all acknowledged, and returns how many were wanted.
func (w *window) advance(position *event.Position) int {
	n, wanted := 0, 0
	for ; n < len(w.entries) && w.entries[n].state == done; n++ {
		e := w.entries[n]
		w.forget(e)
		if !e.pass {
			wanted++
		}
		position.Advance(&e.event)
		if e.page != nil {
			position.Complete(e.page)
		}
	}
	clear(w.entries[:n])
	w.entries = w.entries[n:]
	return wanted
}

// forget takes an entry out of what is counted.
func (w *window) forget(e *entry) {
	w.size -= e.size
	if e.pass {
		w.passed--
		return
	}
	if e.lane.wanted--; e.lane.wanted == 0 {
		delete(w.lanes, e.event.Entity)
	}
}

// cut forgets the events behind the last one that was sent: whoever starts next reads them again.
func (w *window) cut() {
	n := len(w.entries)
	for ; n > 0 && (w.entries[n-1].state == waiting || w.entries[n-1].pass); n-- {
		w.forget(w.entries[n-1])
	}
	clear(w.entries[n:])
	w.entries = w.entries[:n]
}

// nextDue is when the next event that waits for its time may be sent; zero when none does.
func (w *window) nextDue(now time.Time) time.Time {
	var next time.Time
	for _, e := range w.entries {
		if e.state == waiting && now.Before(e.due) && (next.IsZero() || e.due.Before(next)) {
			next = e.due
		}
	}
	return next
}
