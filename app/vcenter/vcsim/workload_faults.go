package vcsim

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// chance is how many of the workload's events something happens to, and by how much at most. The zero value is none.
type chance struct {
	share  float64
	most   time.Duration
	struck func()
}

// transaction is an event that is not visible yet.
type transaction struct {
	*history.Late
	due time.Time
}

// setLate lets events from now on become visible late. Those under way stay so.
func (w *workload) setLate(c chance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = c
}

// setOld lets events from now on say that they were created before.
func (w *workload) setOld(c chance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.old = c
}

// hit draws whether it happens and by how much; w.mu is held.
func (w *workload) hit(c chance) (time.Duration, bool) {
	if c.share == 0 || w.dice.Float64() >= c.share {
		return 0, false
	}
	c.struck()
	return time.Duration(w.dice.Float64() * float64(c.most)), true
}

// add commits an event, or begins to; w.mu is held.
func (w *workload) add(body types.BaseEvent) {
	if delay, late := w.hit(w.late); late {
		w.underway = append(w.underway, transaction{w.log.CommitLate(body), time.Now().Add(delay)})
		w.wake()
	} else if age, old := w.hit(w.old); old {
		w.log.CommitAt(body, w.now().Add(-age))
	} else {
		w.log.Commit(body)
	}
}

// finish makes visible what is due and returns when the next one will be, at most after a time; w.mu is held.
func (w *workload) finish(now time.Time, atMost time.Duration) time.Duration {
	w.underway = slices.DeleteFunc(w.underway, func(t transaction) bool {
		if t.due.After(now) {
			atMost = min(atMost, t.due.Sub(now))
			return false
		}
		t.Commit()
		return true
	})
	return atMost
}
