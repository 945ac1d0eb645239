package vcenter_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// route is one of those that share a lab. It reads as the relay does, and works on a page while its way is open.
type route struct {
	lab      *lab
	member   *vcenter.Member
	position event.Position

	mu     sync.Mutex
	events []event.Event
	at     []time.Time   // when each was worked on
	way    chan struct{} // closed: the way is open
	fails  int

	stop context.CancelFunc
	done chan struct{}
}

func (l *lab) join(shared *vcenter.Shared, position event.Position) *route {
	s := &route{lab: l, member: shared.Member(zerolog.Nop()), position: position, way: make(chan struct{})}
	close(s.way)
	s.start()
	return s
}

func (s *route) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop, s.done = cancel, make(chan struct{})
	go func() {
		defer close(s.done)
		s.run(ctx)
	}()
}

func (s *route) run(ctx context.Context) {
	for ctx.Err() == nil {
		reader, err := s.member.Open(ctx, s.position.Clone())
		for err == nil {
			var page event.Page
			if page, err = reader.Next(ctx); err == nil {
				err = s.take(ctx, page)
			}
		}
		if reader != nil {
			reader.Close(ctx)
		}
		s.fails++
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *route) take(ctx context.Context, page event.Page) error {
	s.mu.Lock()
	way := s.way
	s.mu.Unlock()
	select {
	case <-way:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range page.Events {
		e := &page.Events[i]
		if want := fmt.Sprintf(`{"_typeName":"VmPoweredOnEvent","key":%d}`, e.Key); !e.IsAnnouncement() && string(e.Data) != want {
			s.lab.t.Errorf("event %d has data %q", e.Key, e.Data)
		}
		e.Profile = event.ProfileKnative // as the relay does: it is its own
		s.position.Advance(e)
		s.events, s.at = append(s.events, *e), append(s.at, time.Now())
	}
	s.position.Complete(&page)
	return nil
}

// block closes the way, and returns what opens it.
func (s *route) block() (open func()) {
	way := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.way = way
	return func() { close(way) }
}

// leave has the stream end, or begin to stand by.
func (s *route) leave() {
	s.stop()
	<-s.done
	s.member.Close(context.Background())
}

// end has several streams end, and expects that each has had everything once and that nothing is left in vCenter.
func (l *lab) end(streams ...*route) {
	l.t.Helper()
	for _, s := range streams {
		s.leave()
		l.expectAll(s.events)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cursors != 0 || l.dials != l.leaves {
		l.t.Errorf("%d collectors are left, and %d sessions of %d", l.cursors, l.dials-l.leaves, l.dials)
	}
}

// expectOneReader waits until nothing happens but waiting, and counts the readers.
func (l *lab) expectOneReader(when string) {
	l.t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cursors != 1 {
		l.t.Errorf("%s: %d readers, want one", when, l.cursors)
	}
}

func inALab(t *testing.T, test func(t *testing.T, l *lab, shared *vcenter.Shared)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, history.Options{})
		l.reuses = true
		test(t, l, vcenter.NewShared("lab", l.dial))
	})
}

func TestStreamsAtTheSamePlaceShareOneReader(t *testing.T) {
	inALab(t, func(_ *testing.T, l *lab, shared *vcenter.Shared) {
		var streams []*route
		for range 3 { // first starts, each a little later
			streams = append(streams, l.join(shared, event.Position{Start: l.now()}))
			<-time.After(70 * time.Millisecond)
		}
		l.add(20, 100*time.Millisecond)
		l.expectOneReader("after the first start")
		l.add(2, 25*time.Hour) // so that it does not matter any more who began when
		l.add(1, 4*time.Minute)
		for _, s := range streams { // another start from what is stored
			s.leave()
		}
		l.add(10, 0)
		for _, s := range streams {
			s.start()
		}
		<-time.After(time.Second)
		l.expectOneReader("after another start")
		l.add(3000, time.Millisecond)
		<-time.After(time.Second)
		l.expectOneReader("after many events")
		l.end(streams...)
	})
}

func TestAStreamThatIsStuckDoesNotHoldUpTheOthers(t *testing.T) {
	inALab(t, func(t *testing.T, l *lab, shared *vcenter.Shared) {
		start := event.Position{Start: l.now()}
		stuck, other := l.join(shared, start), l.join(shared, start)
		l.add(1, time.Second)
		open := stuck.block()
		before := len(other.events)
		l.add(5000, 10*time.Millisecond)
		synctest.Wait()
		for i := range other.events[before:] {
			if took := other.at[before+i].Sub(other.events[before+i].Created); took > time.Second {
				t.Fatalf("event %d took %s", other.events[before+i].Key, took)
			}
		}
		if n := len(other.events) - before; n != 5000 {
			t.Errorf("%d events came past the stuck stream", n)
		}
		l.expectOneReader("while one is stuck")
		feeds := l.opened
		open()
		<-time.After(time.Second)
		synctest.Wait()
		if l.opened == feeds {
			t.Error("5000 events were kept for the stuck stream")
		}
		<-time.After(4 * time.Minute)
		l.add(1, time.Minute)
		l.expectOneReader("when it has come as far as the other")
		l.end(stuck, other)
	})
}

func TestAStreamThatCatchesUpWhileEventsComeSharesAgain(t *testing.T) {
	inALab(t, func(_ *testing.T, l *lab, shared *vcenter.Shared) {
		l.db.CommitLate("never") // a missing key: so it is swept each half minute
		start := event.Position{Start: l.now()}
		stuck, other := l.join(shared, start), l.join(shared, start)
		open := stuck.block()
		l.add(3000, 100*time.Millisecond)
		open()
		l.add(1800, 100*time.Millisecond)
		l.expectOneReader("three minutes later")
		l.end(stuck, other)
	})
}

func TestTheOthersReadOnWhenTheOneThatBeganHasLeft(t *testing.T) {
	inALab(t, func(t *testing.T, l *lab, shared *vcenter.Shared) {
		start := event.Position{Start: l.now()}
		first, second, third := l.join(shared, start), l.join(shared, start), l.join(shared, start)
		l.add(5, time.Second)
		first.leave()
		l.add(5, time.Second)
		l.expectOneReader("one has left")
		if second.fails+third.fails > 0 {
			t.Error("another stream was disturbed")
		}
		first.start()
		l.add(5, time.Minute)
		l.expectOneReader("it is back")
		l.end(first, second, third)
	})
}

func TestTheEndOfASessionIsOneInterruptionForAll(t *testing.T) {
	inALab(t, func(t *testing.T, l *lab, shared *vcenter.Shared) {
		start := event.Position{Start: l.now()}
		streams := []*route{l.join(shared, start), l.join(shared, start), l.join(shared, start)}
		l.add(5, time.Second)
		l.endSessions()
		l.add(5, time.Second)
		for _, s := range streams {
			if s.fails != 1 {
				t.Errorf("a stream was interrupted %d times", s.fails)
			}
		}
		l.add(1, 4*time.Minute)
		l.expectOneReader("after another login")
		l.end(streams...)
	})
}

func TestAStreamIsGivenNoReaderThatIsAhead(t *testing.T) {
	inALab(t, func(_ *testing.T, l *lab, shared *vcenter.Shared) {
		start := event.Position{Start: l.now()}
		ahead := l.join(shared, start)
		l.add(100, time.Second)
		synctest.Wait()
		behind := ahead.position.Clone()
		l.add(1, time.Second)
		streams := []*route{ahead, l.join(shared, behind), l.join(shared, start)}
		streams[1].events = slices.Clone(ahead.events[:100]) // which it had before
		l.add(20, time.Second)
		l.end(streams...)
	})
}

// Positions of the same key are not the same where one has missed an event that came late.
func TestAStreamIsGivenNoReaderThatHasDoneWhatItHasNot(t *testing.T) {
	inALab(t, func(_ *testing.T, l *lab, shared *vcenter.Shared) {
		l.latestByTime = true
		first := l.join(shared, event.Position{Start: l.now()})
		l.add(10, time.Second)
		late := l.db.CommitLate("vm-2")
		l.add(2, time.Second)
		synctest.Wait()
		second, had := first.position.Clone(), slices.Clone(first.events)
		late.Commit()
		<-time.After(50 * time.Second)
		synctest.Wait()
		if len(first.events) != 13 || first.position.Key != second.Key || !second.Settled.Equal(first.position.Settled) {
			t.Fatalf("the late event is not what tells the positions apart: %d events, settled %s and %s", len(first.events), first.position.Settled, second.Settled)
		}
		other := l.join(shared, second)
		synctest.Wait()
		other.mu.Lock()
		other.events = append(had, other.events...)
		other.mu.Unlock()
		<-time.After(4 * time.Minute)
		l.end(first, other)
	})
}

// What was announced and no position counts as done would be announced to nobody who comes later.
func TestNobodyJoinsAReaderThatAnnouncedWhatItCannotName(t *testing.T) {
	inALab(t, func(t *testing.T, l *lab, shared *vcenter.Shared) {
		broken := false
		l.answer = func(items []vcenter.Item) ([]vcenter.Item, error) {
			for i := range items {
				if string(items[i].Data) == `{"_typeName":"VmPoweredOnEvent","key":4}` || items[i].Key == 4 {
					broken = true
					items[i] = vcenter.Item{Err: errors.New("no header")}
				}
			}
			return items, nil
		}
		first := l.join(shared, event.Position{Start: l.now()})
		l.add(3, time.Second)
		synctest.Wait()
		before := first.position.Clone()
		l.add(1, time.Second)
		synctest.Wait()
		if !broken || len(kinds(first.events)) != 1 || !before.Low.Equal(first.position.Low) {
			t.Fatalf("the broken event is not what tells the streams apart: %v", kinds(first.events))
		}
		second := l.join(shared, before)
		<-time.After(10 * time.Second)
		synctest.Wait()
		if len(kinds(second.events)) != 1 {
			t.Error("the event that cannot be read was not announced to the second stream")
		}
		first.leave()
		second.leave()
	})
}

// Everything that may happen to several streams at once happens in any order.
func TestStreamsThatShareMissNothingAndRepeatNothing(t *testing.T) {
	for seed := range uint64(15) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { troubledDay(t, rand.New(rand.NewPCG(seed, 7))) }) //nolint:gosec // repeatable on purpose
		})
	}
}

func troubledDay(t *testing.T, random *rand.Rand) {
	t.Helper()
	l := newLab(t, history.Options{Order: []history.Order{history.ByTime, history.ByKey, history.ByCommit}[random.IntN(3)]})
	l.version = []string{"8.0.3.0", "9.0.0.0"}[random.IntN(2)]
	l.latestByTime, l.reuses = true, true
	shared := vcenter.NewShared("lab", l.dial)
	streams := make([]*route, 4)
	away := make([]bool, len(streams))
	opens := make([]func(), len(streams))
	start := event.Position{Start: l.now()}
	for i := range streams {
		streams[i] = l.join(shared, start)
	}
	var late *history.Late
	var since time.Time
	for range 200 {
		i := random.IntN(len(streams))
		switch random.IntN(9) {
		case 0:
			if opens[i] == nil {
				opens[i] = streams[i].block()
			}
		case 1, 2:
			if opens[i] != nil {
				opens[i]()
				opens[i] = nil
			}
		case 3:
			if away[i] = !away[i]; away[i] {
				streams[i].leave()
			} else {
				streams[i].start()
			}
		case 4:
			if random.IntN(5) == 0 {
				l.endSessions()
			}
		case 5:
			if late == nil {
				late, since = l.db.CommitLate("vm-2"), time.Now()
			}
		case 6:
			l.add(random.IntN(1200), 0)
		case 7:
			<-time.After(time.Duration(random.IntN(20_000)) * time.Millisecond)
		default:
			l.add(random.IntN(50), 20*time.Millisecond)
		}
		if late != nil && (random.IntN(3) == 0 || time.Since(since) > 20*time.Second) { // a minute is the most
			late.Commit()
			late = nil
		}
	}
	if late != nil {
		late.Commit()
	}
	for i := range streams {
		if opens[i] != nil {
			opens[i]()
		}
		if away[i] {
			streams[i].start()
		}
	}
	<-time.After(10 * time.Minute)
	l.add(1, 5*time.Minute)
	l.end(streams...)
}
