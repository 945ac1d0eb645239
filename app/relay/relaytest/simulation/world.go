package simulation

import (
	"container/heap"
	"math/rand/v2"
	"sync"
	"time"
)

// world is the one goroutine in which everything happens that is not the relay: it carries out actions at their times.
type world struct {
	rng   *rand.Rand // for the world's goroutine alone
	began time.Time

	mu      sync.Mutex
	actions actions
	count   int
	added   chan struct{}
}

type action struct {
	at     time.Time
	number int // those of one instant are carried out in the order in which they were added
	do     func()
}

type actions []action

func (a actions) Len() int { return len(a) }
func (a actions) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].number < a[j].number
}
func (a actions) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push is heap.Interface.
func (a *actions) Push(x any) { *a = append(*a, x.(action)) }

// Pop is heap.Interface.
func (a *actions) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}

func newWorld(rng *rand.Rand) *world {
	return &world{rng: rng, began: time.Now(), added: make(chan struct{}, 1)}
}

// in has something done after a while.
func (w *world) in(d time.Duration, do func()) { w.at(time.Since(w.began)+d, do) }

// at has something done at a time of the day. It may be called by any goroutine.
func (w *world) at(when time.Duration, do func()) {
	w.mu.Lock()
	w.count++
	heap.Push(&w.actions, action{at: w.began.Add(when), number: w.count, do: do})
	first := w.actions[0].number == w.count
	w.mu.Unlock()
	if first {
		select {
		case w.added <- struct{}{}:
		default:
		}
	}
}

// run carries out what is due until a time of the day.
func (w *world) run(until time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for end := w.began.Add(until); ; {
		do, next := w.take(end)
		if do != nil {
			do()
			continue
		}
		if !time.Now().Before(end) {
			return
		}
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-w.added:
		}
	}
}

// take returns the action that is due, or when there may be one.
func (w *world) take(end time.Time) (do func(), next time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case len(w.actions) == 0 || w.actions[0].at.After(end):
		return nil, end
	case w.actions[0].at.After(time.Now()):
		return nil, w.actions[0].at
	}
	return heap.Pop(&w.actions).(action).do, end
}

// between draws a duration.
func (w *world) between(least, most time.Duration) time.Duration { return between(w.rng, least, most) }

func between(rng *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rng.Int64N(int64(most-least)+1))
}

// chance draws true so often.
func (w *world) chance(p float64) bool { return w.rng.Float64() < p }
