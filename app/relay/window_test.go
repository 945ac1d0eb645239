package relay

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// A window of large events is a short one: 200 of a mebibyte would be all the memory that a relay has.
func TestAWindowOfLargeEventsIsShort(t *testing.T) {
	d := newDelivery(&Stream{}, new(event.Position), time.Now())
	page := event.Page{}
	for key := range int32(100) {
		page.Events = append(page.Events, event.Event{Key: key, Data: bytes.Repeat([]byte("x"), 1<<20)})
	}
	d.page = &page
	next := make(chan struct{}, 1)
	for taken := 0; taken < 100; {
		d.takeOver(next)
		n := len(d.window.entries)
		if n == 0 || n > 9 {
			t.Fatalf("%d events of a mebibyte are in the window", n)
		}
		d.window.mark(d.window.entries, flying)
		d.window.mark(d.window.entries, done)
		taken += d.window.advance(&d.position)
	}
	if d.window.size != 0 || len(next) != 1 {
		t.Errorf("%d bytes are left, the next page is asked for: %v", d.window.size, len(next) == 1)
	}
}

// A vCenter has far more entities in a year than in a window.
func TestAnEntityIsForgottenWithItsLastEvent(t *testing.T) {
	w := newWindow(event.OrderEntity, false, 4)
	for _, vm := range []string{"vm-1", "vm-2", "vm-1", "vm-3"} {
		w.add(&event.Event{Entity: event.Ref{Type: "VirtualMachine", Value: vm}}, 0)
	}
	sent := w.pick(time.Now(), 100)
	w.mark(sent, flying)
	if len(sent) != 3 || len(w.pick(time.Now(), 100)) != 0 {
		t.Fatalf("%d events may be sent, want one of each machine", len(sent))
	}
	w.mark(sent[:2], done)
	w.advance(new(event.Position))
	if len(w.lanes) != 2 || len(w.entries) != 2 {
		t.Errorf("%d entities of %d events are known, want vm-1 and vm-3", len(w.lanes), len(w.entries))
	}
	w.mark(sent[2:], waiting) // it was refused
	w.cut()
	if len(w.lanes) != 0 {
		t.Errorf("%d entities of no event are known", len(w.lanes))
	}
}

// The id of an announcement begins at the stored position, and after a crash the event behind it need not be there any more.
func TestAnAnnouncementWaitsForAllBeforeItAndIsWaitedFor(t *testing.T) {
	told, err := event.Gap{Kind: event.KindRewound, Reason: "test", FromKey: 1, ToKey: 2}.Announce(&event.Origin{InstanceUUID: "3c0f7a10"})
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []event.Order{event.OrderEntity, event.OrderStrict, event.OrderNone} {
		w := newWindow(order, false, windowSize)
		for _, e := range []*event.Event{{Key: 1}, &told, {Key: 2}} {
			w.add(e, 0)
		}
		all := w.entries
		expect := func(saved bool, want ...*entry) {
			t.Helper()
			w.saved = saved
			if got := w.pick(time.Now(), 100); !slices.Equal(got, want) {
				t.Errorf("order %d: %d events may be sent", order, len(got))
			}
		}
		expect(true, all[0])
		w.mark(all[:1], flying)
		expect(true)
		w.mark(all[:1], done)
		w.advance(new(event.Position))
		expect(false)
		expect(true, all[1])
		w.mark(all[1:2], flying)
		expect(true)
		w.mark(all[1:2], done)
		expect(true, all[2])
	}
}

// What a page settles holds when its events are acknowledged, not when they are read.
func TestAPageIsCompleteWhenItsLastEventIsAcknowledged(t *testing.T) {
	settled := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	d := newDelivery(&Stream{}, new(event.Position), time.Now())
	next := make(chan struct{}, 2)
	d.page = &event.Page{Events: []event.Event{{Key: 1}, {Key: 2}}, Settled: settled}
	d.takeOver(next)
	d.page = &event.Page{Settled: settled.Add(time.Hour)} // one without events behind it
	d.takeOver(next)
	for i, e := range d.window.entries {
		if !d.position.Settled.IsZero() {
			t.Errorf("settled until %s before event %d was acknowledged", d.position.Settled, i+1)
		}
		d.window.mark([]*entry{e}, flying)
		d.window.mark([]*entry{e}, done)
		d.window.advance(&d.position)
	}
	if want := settled.Add(time.Hour); !d.position.Settled.Equal(want) {
		t.Errorf("settled until %s, want %s", d.position.Settled, want)
	}
}

// In the order of the whole vCenter all events have one key, for brokers with partitions, also one that is trimmed.
func TestAllEventsOfAStrictStreamHaveOnePartitionKey(t *testing.T) {
	for order, keys := range map[event.Order]int{event.OrderStrict: 1, event.OrderEntity: 2} {
		w := newWindow(order, false, windowSize)
		found := make(map[string]bool)
		for _, vm := range []string{"vm-1", "vm-2"} {
			e := &event.Event{Origin: &event.Origin{InstanceUUID: "3c0f7a10"}, Entity: event.Ref{Type: "VirtualMachine", Value: vm}, Data: []byte(`{"a":"large"}`)}
			for _, most := range []int{0, 5} {
				w.add(e, most)
			}
		}
		for _, e := range w.entries {
			found[e.out().PartitionKey()] = true
		}
		if len(found) != keys {
			t.Errorf("order %d: keys are %v", order, found)
		}
	}
}
