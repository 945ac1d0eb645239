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
	native  bool // the target stores the events of a request in their order
	entries []*entry
	saved   bool              // the position is stored up to the first of them
	size    int               // bytes of data
	passed  int               // entries that are not wanted
	flying  int               // entries on their way
	busy    map[event.Ref]int // entities by how many of theirs are on their way
}

type entry struct {
	event event.Event // as it was read, without its data, for the position
	out   event.Event // what is sent: the event, what is left of it, or the announcement that it was set aside
	size  int         // of data, as it was added
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

type state int

const (
	waiting state = iota
	flying
	done
)

func newWindow(order event.Order, native bool) *window {
	return &window{order: order, native: native, busy: make(map[event.Ref]int)}
}

// add appends an event, and copies its data: the page that it stands in is used again. What is larger than most bytes is
// trimmed, if that is not 0.
func (w *window) add(e *event.Event, most int) {
	added := &entry{event: *e, out: *e}
	if most > 0 && len(e.Data) > most {
		added.out = e.Trim(most)
	} else {
		added.out.Data = bytes.Clone(e.Data)
	}
	added.out.Whole = w.order == event.OrderStrict
	added.event.Data = nil
	added.size = len(added.out.Data)
	w.size += added.size
	w.entries = append(w.entries, added)
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
	return len(w.entries)-w.passed+unsaved < windowSize && w.size < windowBytes && w.passed < mostPassed
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
	held := make(map[event.Ref]bool) // entities of which no other may be picked
	for i, e := range w.entries {
		if e.state != waiting {
			continue
		}
		if !w.free(i, now, held) {
			if w.order == event.OrderStrict {
				break
			}
			continue
		}
		if e.most > 0 {
			most = min(most, e.most)
		}
		if size += len(e.out.Data); len(picked) >= most || len(picked) > 0 && size > maxBatchBytes {
			break
		}
		picked = append(picked, e)
	}
	return picked
}

// free tells whether an event may be sent before all that are not acknowledged, and holds back those behind it that may not.
func (w *window) free(i int, now time.Time, held map[event.Ref]bool) bool {
	e := w.entries[i]
	ready := !now.Before(e.due) && !w.waits(i)
	if entity := e.event.Entity; w.order == event.OrderEntity && entity.Value != "" {
		if held[entity] || w.busy[entity] > 0 {
			return false
		}
		if !w.native || !ready {
			held[entity] = true
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
	held := make(map[event.Ref]bool)
	for i, e := range w.entries {
		if e.state == waiting && w.free(i, now, held) {
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
			w.busy[e.event.Entity]++
		case e.state == flying:
			w.flying--
			if w.busy[e.event.Entity]--; w.busy[e.event.Entity] == 0 {
				delete(w.busy, e.event.Entity)
			}
		}
		e.state = to
	}
}

// advance moves the position over the events that were all acknowledged, and returns how many were wanted.
func (w *window) advance(position *event.Position) int {
	n, wanted := 0, 0
	for ; n < len(w.entries) && w.entries[n].state == done; n++ {
		e := w.entries[n]
		w.size -= e.size
		if e.pass {
			w.passed--
		} else {
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

// cut forgets the events behind the last one that was sent: whoever starts next reads them again.
func (w *window) cut() {
	n := len(w.entries)
	for ; n > 0 && (w.entries[n-1].state == waiting || w.entries[n-1].pass); n-- {
		w.size -= w.entries[n-1].size
		if w.entries[n-1].pass {
			w.passed--
		}
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
