//go:build e2e

package e2e_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/tally"
)

// sequence is what a subscriber sees, in the order in which it does. First copies only: what was published and not saved
// when a relay died is published again.
type sequence struct {
	seen   map[int]string // entity by key
	last   map[string]int // newest key by entity
	newest int
	faults []string // events behind a later one of their entity
	behind int      // events behind a later one of the vCenter
}

func newSequence() *sequence {
	return &sequence{seen: make(map[int]string), last: make(map[string]int)}
}

func (q *sequence) add(key int, entity string) {
	if _, again := q.seen[key]; again {
		return
	}
	q.seen[key] = entity
	if key < q.newest {
		q.behind++
	}
	q.newest = max(q.newest, key)
	if entity == "" {
		return
	}
	if last := q.last[entity]; key < last {
		q.faults = append(q.faults, fmt.Sprintf("%s: event %d came after event %d", entity, key, last))
	}
	q.last[entity] = max(q.last[entity], key)
}

// check is an error for each thing that the order does not allow.
func (q *sequence) check(t *testing.T, where string, strict bool, events int) {
	t.Helper()
	for key := 1; key <= events; key++ {
		if _, found := q.seen[key]; !found {
			t.Fatalf("%s: no event %d", where, key)
		}
	}
	if len(q.faults) > 0 {
		t.Errorf("%s: %d events are behind a later one of their entity, the first: %s", where, len(q.faults), q.faults[0])
	}
	if strict && q.behind > 0 {
		t.Errorf("%s: %d events are behind a later one of the vCenter", where, q.behind)
	}
}

// sequence is the topic as the broker has stored it.
func (s *stack) sequence() *sequence {
	s.t.Helper()
	q := newSequence()
	s.eachStored("vcenter", func(m message, _ time.Time) { q.add(m.Data.Key, m.Entity) })
	return q
}

// handled is the topic as it reached the function's handler, which knows no entities.
func (s *stack) handled(stored *sequence) *sequence {
	s.t.Helper()
	text, err := os.ReadFile(s.ledger)
	if err != nil {
		s.t.Fatal(err)
	}
	q := newSequence()
	for id := range strings.Lines(string(text)) {
		parts := strings.Split(id, "-") // of the instance uuid, key, time
		key, err := strconv.Atoi(parts[len(parts)-2])
		if err != nil {
			s.t.Fatal(err)
		}
		q.add(key, stored.seen[key])
	}
	return q
}

// number is that of an environment variable, or another one.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: give a number above 0", variable, text)
	}
	return n
}

// TestEventsArriveInTheOrderThatWasAskedFor is `make test-order` with 100,000 events. The component stores the events of one
// request side by side: that shows in how many are behind a later one of the vCenter in the order by entity. The function gets
// one event at a time (maxAckPending), as the broker has stored them.
func TestEventsArriveInTheOrderThatWasAskedFor(t *testing.T) {
	t.Parallel()
	events := number(t, "E2E_ORDER_EVENTS", 10_000)
	for _, order := range []string{"entity", "strict"} {
		t.Run(order, func(t *testing.T) {
			s := startStack(t, map[string]map[string]string{
				"vcsim": {
					"VCRELAY_VCSIM_HISTORY": strconv.Itoa(events), "VCRELAY_VCSIM_HISTORY_SPAN": "24h", "VCRELAY_VCSIM_RATE": "0", "VCRELAY_VCSIM_VMS": "200",
				},
				"vcrelay": {"VCRELAY_ORDER": order},
			})
			began := time.Now()
			s.eventually("all is published", 30*time.Minute, func() bool { return s.published() >= events })
			published := time.Since(began)
			log, err := s.simulator().Log(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if result, err := tally.Await(t.Context(), log, s.ledger, patience); err != nil || len(result.Missing) > 0 {
				t.Fatalf("%s: %v", result, err)
			}
			took := time.Since(began)
			stored := s.sequence()
			handled := s.handled(stored)
			fmt.Printf("order %s: %d events of %d entities, published in %.0f s, handled in %.0f s; events behind a later one: "+
				"of their entity %d in the broker, %d at the function; of the vCenter %d in the broker, %d at the function\n",
				order, len(stored.seen), len(stored.last), published.Seconds(), took.Seconds(),
				len(stored.faults), len(handled.faults), stored.behind, handled.behind)
			stored.check(t, "broker", order == "strict", events)
			handled.check(t, "function", order == "strict", events)
			if order == "entity" && stored.behind == 0 {
				t.Error("nothing was stored side by side: this run shows nothing about the order per entity")
			}
		})
	}
}
