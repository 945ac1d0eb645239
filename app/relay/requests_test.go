package relay_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

// flights watches what is on its way to a target that takes one event at a call.
type flights struct {
	relay.Publisher
	mu    sync.Mutex
	away  map[event.Ref]int
	most  int // at a time
	twice int // of one entity
}

// around has each call take a while, and notes it.
func (f *flights) around(publisher relay.Publisher) relay.Publisher {
	f.Publisher = publisher
	return f
}

func (f *flights) Publish(ctx context.Context, events []event.Event) error {
	f.note(events[0].Entity, 1)
	defer f.note(events[0].Entity, -1)
	time.Sleep(5 * time.Millisecond)
	return f.Publisher.Publish(ctx, events)
}

func (f *flights) note(entity event.Ref, by int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away[entity] += by; f.away[entity] > 1 {
		f.twice++
	}
	total := 0
	for _, n := range f.away {
		total += n
	}
	f.most = max(f.most, total)
}

// A target that takes one event at a call, such as an HTTP function, is only fast with many calls side by side.
func TestAStreamSendsAsManyRequestsAsItsTargetTakesAndNeverTwoOfOneEntity(t *testing.T) {
	for name, check := range map[string]struct{ requests, want int }{"sixteen": {16, 16}, "as many as by default": {0, 4}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				history := relaytest.NewHistory(0, 1, begin)
				for i := range 1000 { // every second one is about the same machine
					history.Append(fmt.Sprintf("vm-%d", i%2*(i%40)), begin.Add(time.Duration(i)*time.Second))
				}
				history.PageSize = 1000
				r := newRig(t, history)
				r.batch, r.requests = 1, check.requests
				watch := &flights{away: make(map[event.Ref]int)}
				r.publisher = watch.around(r.topic)
				r.start()
				time.Sleep(10 * time.Minute)
				if err := r.finish(); err != nil {
					t.Fatal(err)
				}
				r.wantAll(1)
				if watch.most != check.want || watch.twice > 0 {
					t.Errorf("%d requests were on their way at a time, want %d; two of one entity: %d times", watch.most, check.want, watch.twice)
				}
				last := make(map[event.Ref]int32)
				for _, e := range r.topic.Taken() {
					if e.Key < last[e.Entity] {
						t.Fatalf("event %d came behind %d of %s", e.Key, last[e.Entity], e.Entity)
					}
					last[e.Entity] = e.Key
				}
			})
		})
	}
}

// The window is what a crash may repeat.
func TestNoMoreEventsThanTheWindowHoldsAreAheadOfTheStoredPosition(t *testing.T) {
	for window, most := range map[int]int32{1: 1, 50: 50, 0: 200, 1000: 1000} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, relaytest.NewHistory(3000, 7, begin))
			r.window, r.order, r.history.PageSize = window, event.OrderNone, 1000
			var stored, ahead atomic.Int32
			r.store.OnSave = func(position event.Position) { stored.Store(position.Key) }
			r.topic.OnTake(func(e event.Event) { ahead.Store(max(ahead.Load(), e.Key-stored.Load())) })
			r.start()
			time.Sleep(10 * time.Minute)
			if err := r.finish(); err != nil {
				t.Fatal(err)
			}
			r.wantAll(1)
			if got := ahead.Load(); got != most {
				t.Errorf("window %d: up to %d events were ahead, want %d", window, got, most)
			}
		})
	}
}

// A write takes as long as some requests: a large window has room for them meanwhile.
func TestThePositionOfALargeWindowIsWrittenBesideRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10_000, 7, begin))
		r.window, r.order, r.history.PageSize = 1000, event.OrderNone, 1000
		var away, writes, beside atomic.Int32
		r.store.OnSave = func(event.Position) {
			if writes.Add(1); away.Load() > 0 {
				beside.Add(1)
			}
		}
		r.topic.Err = func() error {
			away.Add(1)
			defer away.Add(-1)
			time.Sleep(time.Millisecond)
			return nil
		}
		r.start()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
		if beside.Load() < 10 || writes.Load() > 25 {
			t.Errorf("%d of %d writes were beside requests", beside.Load(), writes.Load())
		}
	})
}

// An event that can neither be delivered nor dead-lettered is not passed. Both are tried in turn, so that whatever is mended
// first is enough, and without the loss of a part of it.
func TestAnEventThatCannotBeSetAsideIsKeptUntilItCanOrUntilTheTargetTakesIt(t *testing.T) {
	for name, mend := range map[string]func(refuse, lettersAway *outage){
		"the target is mended":       func(refuse, _ *outage) { refuse.on.Store(false) },
		"the dead letters are there": func(_, lettersAway *outage) { lettersAway.on.Store(false) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				history := relaytest.NewHistory(2, 2, begin)
				poison := bytes.Repeat([]byte("x"), 100<<10)
				history.AppendData([]byte(`{"a":"` + string(poison) + `"}`))
				for range 100 {
					history.Append("vm-1", begin.Add(time.Hour))
				}
				r := newRig(t, history)
				r.batch, r.requests = 1, 16
				var refuse, lettersAway outage
				refuse.on.Store(true)
				lettersAway.on.Store(true)
				r.topic.Refuse = func(e *event.Event) bool { return e.Key == 3 && !e.IsAnnouncement() && refuse.on.Load() }
				r.topic.AsideErr = lettersAway.err
				r.start()
				time.Sleep(30 * time.Minute)
				if position, _ := r.positions.Position(streamID); position.Key != 2 {
					t.Errorf("the stored position is at key %d: it came past an event that nobody has", position.Key)
				}
				if !strings.Contains(r.log.String(), "cannot be dead-lettered") {
					t.Error("the log does not say so")
				}
				mend(&refuse, &lettersAway)
				time.Sleep(10 * time.Minute)
				if err := r.finish(); err != nil {
					t.Fatal(err)
				}
				if position, _ := r.positions.Position(streamID); position.Key != 103 {
					t.Errorf("the stored position is at key %d after all was mended", position.Key)
				}
				if refuse.on.Load() {
					if aside := r.topic.Aside(); len(aside) != 1 || aside[0].Key != 3 {
						t.Errorf("%d events were set aside", len(aside))
					}
					return
				}
				for _, e := range r.topic.Taken() {
					if e.Key == 3 && (e.Truncated || len(e.Data) < len(poison)) {
						t.Errorf("event 3 arrived with %d bytes of data", len(e.Data))
					}
				}
				r.wantAll(8) // to learn that it is the event, others are sent again, and not each time
			})
		})
	}
}

// A function may refuse whatever it does not know, announcements too.
func TestAnAnnouncementThatIsRefusedAsWellIsSetAsideOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(200, 20, begin))
		r.batch, r.requests = 1, 16
		r.topic.Refuse = func(e *event.Event) bool { return e.Key == 33 || e.IsAnnouncement() }
		r.start()
		time.Sleep(time.Hour)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		aside := r.topic.Aside()
		if len(aside) != 2 || aside[0].IsAnnouncement() || aside[1].Kind() != event.KindSetAside || aside[0].Key != 33 {
			t.Errorf("%d events were set aside, want event 33 and its announcement", len(aside))
		}
		if position, _ := r.positions.Position(streamID); position.Key != 200 {
			t.Errorf("the stored position is at key %d", position.Key)
		}
	})
}

func TestTheFakeTopicIsAPublisher(t *testing.T) {
	topic := &relaytest.Topic{}
	next := int32(1 << 20)
	topic.Refuse = func(e *event.Event) bool { return e.Key >= 1<<20 }
	relaytest.PublisherSuite(t, relaytest.Target{
		Publisher: topic,
		Refused:   func() event.Event { next++; return relaytest.NewEvent(next, "vm-1") },
		Taken:     func() []relaytest.Message { return messages(topic.Taken()) },
		Aside:     func() []relaytest.Message { return messages(topic.Aside()) },
		Hold:      topic.Hold,
	})
}

func messages(events []event.Event) []relaytest.Message {
	var all []relaytest.Message
	for i := range events {
		all = append(all, relaytest.ParseMessage(event.AppendCloudEvent(nil, &events[i])))
	}
	return all
}

// Who is fenced while many requests are on their way waits for them, and they for nobody.
func TestAStreamThatIsFencedWithManyRequestsOnTheirWayStandsBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(100, 100, begin))
		r.batch, r.requests, r.lease = 1, 16, 9*time.Second
		release := r.topic.Hold()
		r.start()
		time.Sleep(time.Second)
		if _, _, err := r.positions.Owner().Acquire(t.Context(), streamID); err != nil { // there is no lease in this store
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if !strings.Contains(r.log.String(), "standing by") {
			t.Errorf("it does not stand by:\n%s", r.log.String())
		}
		release()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(2)
	})
}
