package probe

import (
	"slices"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

// tracker finds events that become visible late.
type tracker struct {
	sum    Watch
	live   bool // what is read counts; before it is only remembered
	seen   map[identity]bool
	keys   map[int32]bool // that the live collector gave
	passed map[int32]bool // that only another one gave
	newest vcenter.Mark   // the highest key and the latest time, of different events perhaps
}

// identity is what tells events apart: a key may be given out anew.
type identity struct {
	key     int32
	created int64 // microseconds
}

func identityOf(m vcenter.Mark) identity { return identity{m.Key, m.Created.UnixMicro()} }

func newTracker() *tracker {
	return &tracker{seen: map[identity]bool{}, keys: map[int32]bool{}, passed: map[int32]bool{}}
}

func (t *tracker) has(m vcenter.Mark) bool { return t.seen[identityOf(m)] }

func (t *tracker) hasKey(key int32) bool { return t.keys[key] }

func (t *tracker) hasPassed(key int32) bool { return t.passed[key] }

// read takes an event that the live collector gave.
func (t *tracker) read(m vcenter.Mark, now time.Time) {
	if t.has(m) {
		return
	}
	if t.live {
		t.sum.Events++
		lower, older := m.Key < t.newest.Key, m.Created.Before(t.newest.Created)
		if len(t.seen) > 0 && lower {
			t.sum.LowerKey++
		}
		if older {
			t.sum.OlderTime++
		}
		if len(t.seen) > 0 && (lower || older) {
			t.late(m, now)
		}
	}
	t.remember(m)
	t.keys[m.Key] = true
}

// swept takes those that only another collector gave.
func (t *tracker) swept(unseen []vcenter.Mark, now time.Time) {
	t.sum.Sweeps++
	for _, m := range unseen {
		if !t.has(m) {
			t.sum.Behind++
			t.late(m, now)
			t.remember(m)
			t.passed[m.Key] = true
		}
	}
}

func (t *tracker) late(m vcenter.Mark, now time.Time) {
	t.sum.MostLateMs = max(t.sum.MostLateMs, milliseconds(now.Sub(m.Created)))
}

func (t *tracker) remember(m vcenter.Mark) {
	if len(t.seen) == 0 {
		t.newest = m
	}
	t.newest.Key = max(t.newest.Key, m.Key)
	if m.Created.After(t.newest.Created) {
		t.newest.Created = m.Created
	}
	t.seen[identityOf(m)] = true
}

// latestWatch measures how long after latestEvent has moved the event can be read.
type latestWatch struct {
	last    vcenter.Mark
	moves   int
	atOnce  int
	passed  int
	pending []shown
	delays  []time.Duration
}

// shown is an event that latestEvent has shown and nobody has read.
type shown struct {
	key    int32
	since  time.Time
	looked bool // for it, at least once
}

// moved takes what latestEvent shows now.
func (w *latestWatch) moved(m vcenter.Mark, known bool, now time.Time) {
	if m.Key == w.last.Key && m.Created.Equal(w.last.Created) {
		return
	}
	began := w.last == (vcenter.Mark{})
	w.last = m
	if began {
		return // it has shown that since before the watch
	}
	w.moves++
	if known {
		w.atOnce++
		return
	}
	w.pending = append(w.pending, shown{key: m.Key, since: now})
}

// look is called after each reading.
func (w *latestWatch) look(readable, passed func(key int32) bool, now time.Time) {
	w.pending = slices.DeleteFunc(w.pending, func(s shown) bool {
		if passed(s.key) {
			w.passed++
			return true
		}
		if !readable(s.key) {
			return false
		}
		if s.looked {
			w.delays = append(w.delays, now.Sub(s.since))
		} else {
			w.atOnce++
		}
		return true
	})
	for i := range w.pending {
		w.pending[i].looked = true
	}
}

// sum counts events that could not be read although they have been shown for a while.
func (w *latestWatch) sum(into *Watch, while time.Duration) {
	into.LatestMoves, into.AtOnce, into.Delayed = w.moves, w.atOnce, len(w.delays)
	into.PassedBy = w.passed
	for _, s := range w.pending {
		if time.Since(s.since) >= while {
			into.Never++
		}
	}
	if len(w.delays) > 0 {
		into.MedianDelayMs = milliseconds(median(w.delays))
		into.MostDelayMs = milliseconds(w.delays[len(w.delays)-1])
	}
}
