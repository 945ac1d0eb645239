package relay_test

import (
	"fmt"
	"hash/fnv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

// partitioned is a target with four partitions, such as a topic of Kafka. It takes nothing between down and partial, and then until
// back not all.
type partitioned struct {
	start               time.Time
	down, partial, back time.Duration
	not                 func(e *event.Event) bool // what it does not take meanwhile
}

func (p *partitioned) refuse(e *event.Event) bool {
	switch since := time.Since(p.start); {
	case since < p.down || since >= p.back:
		return false
	case since < p.partial:
		return true
	}
	return p.not(e)
}

// lastPartition reports whether that is where an event goes.
func lastPartition(e *event.Event) bool {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(e.PartitionKey()))
	return hash.Sum32()%4 == 3
}

// run relays 15 events a second of 58 entities past the outage.
func (p *partitioned) run(t *testing.T) *rig {
	t.Helper()
	p.start = time.Now()
	r := newRig(t, relaytest.NewHistory(0, 1, begin))
	r.native, r.topic.Refuse = true, p.refuse
	r.start()
	for i := range 15 * 30 {
		r.history.Append(fmt.Sprintf("vm-%d", i%7*(i%41)%58), begin.Add(time.Duration(i)*time.Second))
		time.Sleep(time.Second / 15)
	}
	time.Sleep(10 * time.Minute)
	if err := r.finish(); err != nil {
		t.Fatal(err)
	}
	return r
}

// The Kafka client gives a partition a pause of ten seconds of its own when it has no leader: others are back before it. A request
// of events of all partitions then fails, and most of its events are stored each time.
func TestAPartitionThatComesBackLastRepeatsNoMoreThanTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := partitioned{down: 5 * time.Second, partial: 10 * time.Second, back: 20 * time.Second, not: lastPartition}
		r := p.run(t)
		copies := 0
		for id, n := range r.topic.IDs() {
			if copies += n - 1; n > 3 {
				t.Errorf("%s was stored %d times", id, n)
			}
		}
		if copies > 200 {
			t.Errorf("%d copies were stored, more than the window", copies)
		}
		if aside := r.topic.Aside(); len(aside) > 0 {
			t.Errorf("%d events were set aside", len(aside))
		}
	})
}

// While a target takes nothing it is tried with one event after another, and the one whose turn it is when it comes back is stored.
// Then a part of a request may fail, while what is behind it is stored.
func TestAnEventIsNotStoredBeforeAnOlderOneOfItsEntityWhenTheTargetComesBack(t *testing.T) {
	for outage := time.Second; outage < 12*time.Second; outage += time.Second {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			p := partitioned{down: 5 * time.Second, partial: 5*time.Second + outage, back: 20 * time.Second}
			p.not = func(*event.Event) bool { asked++; return asked%2 == 1 }
			wantOrder(t, p.run(t).topic.Taken())
		})
	}
}

// wantOrder looks at the first copies.
func wantOrder(t *testing.T, taken []event.Event) {
	t.Helper()
	last, seen := make(map[event.Ref]int32), make(map[int32]bool)
	for _, e := range taken {
		if !seen[e.Key] && e.Key < last[e.Entity] {
			t.Errorf("event %d of %s was first stored behind %d", e.Key, e.Entity.Value, last[e.Entity])
		}
		seen[e.Key], last[e.Entity] = true, max(last[e.Entity], e.Key)
	}
}
