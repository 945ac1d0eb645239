//go:build e2e

package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// lookEvery is how often the records are looked at.
const lookEvery = 50 * time.Millisecond

// watch follows the stored records of streams, as anybody can read them, and judges each change.
type watch struct {
	fleet *fleet
	keys  []string

	mu        sync.Mutex
	last      map[string]record
	changed   map[string]time.Time // when last was seen first, by key
	dead      map[string]bool      // owners that do not work
	ownerless map[string]time.Time // since when, by key
	longest   time.Duration        // without an owner
	taken     map[string][]int     // the position at which a stream was taken that was not given back, as the number of an event, by key
	looks     int
	faults    []string
}

func newWatch(f *fleet, vcenters []*simulated) *watch {
	w := &watch{
		fleet: f, last: make(map[string]record), changed: make(map[string]time.Time), dead: make(map[string]bool),
		ownerless: make(map[string]time.Time), taken: make(map[string][]int),
	}
	for _, v := range vcenters {
		w.keys = append(w.keys, recordKey(v))
	}
	return w
}

// run looks until ctx ends.
func (w *watch) run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if records, err := w.fleet.records(ctx, w.keys); err == nil {
			w.see(records, time.Now())
		}
	}
}

func (w *watch) see(records map[string]record, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
	for key, r := range records {
		before, seen := w.last[key]
		if fault := judge(before, r); seen && fault != "" {
			w.faults = append(w.faults, key+": "+fault)
		}
		if r.Epoch > before.Epoch && w.wasLeft(key, now) {
			w.taken[key] = append(w.taken[key], before.Position.Key)
		}
		if r != before {
			w.changed[key] = now
		}
		w.last[key] = r
		w.count(key, r.Owner == "" || w.dead[r.Owner], now)
	}
}

// wasLeft tells whether the owner of a stream that is taken now had left it without a word: it had not written for about the time of
// its lease. One that works writes three times in a lease; that it gave the stream back may have come between two looks.
func (w *watch) wasLeft(key string, now time.Time) bool {
	return w.last[key].Owner != "" && now.Sub(w.changed[key]) >= lease*3/4
}

// count measures how long a stream has no owner.
func (w *watch) count(key string, without bool, now time.Time) {
	since, was := w.ownerless[key]
	switch {
	case without && !was:
		w.ownerless[key] = now
	case !without && was:
		delete(w.ownerless, key)
		w.longest = max(w.longest, now.Sub(since))
	}
}

// judge says what is wrong with a record that follows another, or nothing. An epoch has one owner, its writes are counted, and a
// later owner begins a new one: a write of a fenced owner would have an epoch or a number that was there before.
func judge(before, after record) string {
	switch {
	case after == before:
		return ""
	case after.Epoch < before.Epoch:
		return fmt.Sprintf("a fenced owner has written: epoch %d of %s after epoch %d of %s", after.Epoch, after.Owner, before.Epoch, before.Owner)
	case after.Epoch == before.Epoch && after.Write <= before.Write:
		return fmt.Sprintf("epoch %d: write %d came after write %d", after.Epoch, after.Write, before.Write)
	case after.Epoch == before.Epoch && after.Owner != before.Owner && after.Owner != "":
		return fmt.Sprintf("epoch %d has two owners: %s and %s", after.Epoch, before.Owner, after.Owner)
	case after.Position.Epoch < before.Position.Epoch,
		after.Position.Epoch == before.Position.Epoch && after.Position.Low.Before(before.Position.Low):
		return fmt.Sprintf("the position stepped back from key %d (%s) to key %d (%s)", before.Position.Key, before.Position.Low, after.Position.Key, after.Position.Low)
	default:
		return ""
	}
}

// died says that an owner works no more, or works again.
func (w *watch) died(owner string, dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.dead[owner] = dead
	for key, r := range w.last {
		if r.Owner == owner {
			w.count(key, dead, now)
		}
	}
}

// spread is how many streams each living owner has, fewest first; nil while one has none.
func (w *watch) spread() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := make(map[string]int)
	for _, r := range w.last {
		if r.Owner == "" || w.dead[r.Owner] {
			return nil
		}
		counts[r.Owner]++
	}
	return slices.Sorted(maps.Values(counts))
}

// ownerOf is who has the stream at a key.
func (w *watch) ownerOf(key string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last[key].Owner
}
