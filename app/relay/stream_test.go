package relay_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

const streamID = "vcenter/default"

var (
	begin   = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	errDown = errors.New("down")
)

// rig is a stream between fakes.
type rig struct {
	t         *testing.T
	history   *relaytest.History
	topic     *relaytest.Topic
	publisher relay.Publisher // the topic, or what stands before it
	positions *relaytest.Positions
	store     *relaytest.Store
	log       journal
	observer  *relay.Observer
	order     event.Order
	native    bool
	batch     int
	requests  int
	window    int
	maxBytes  int
	lease     time.Duration
	origin    *event.Origin
	started   *event.Gap
	forget    bool
	filter    func(*event.Event) (bool, error)
	heal      func(context.Context) error
	stop      context.CancelFunc
	ended     chan error
}

// journal is a log that a test may read while the relay writes it.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// outage is something that fails while it is on.
type outage struct{ on atomic.Bool }

func (o *outage) err() error {
	if o.on.Load() {
		return errDown
	}
	return nil
}

func newRig(t *testing.T, history *relaytest.History) *rig {
	positions := relaytest.NewPositions()
	topic := &relaytest.Topic{}
	return &rig{t: t, history: history, topic: topic, publisher: topic, positions: positions, store: positions.Owner()}
}

// start runs a relay until stop, as a process of its own would: with a store of its own.
func (r *rig) start() {
	ctx, stop := context.WithCancel(context.Background())
	r.stop, r.ended = stop, make(chan error, 1)
	r.observer = relay.NewObserver(prometheus.NewRegistry(), "fake", "default", "fake")
	stream := &relay.Stream{
		ID: streamID, Source: r.history, Publisher: r.publisher, Checkpoints: r.store, Observer: r.observer,
		Begin: func(context.Context) (event.Position, error) {
			return event.Position{Start: begin, Started: r.started}, nil
		},
		Log: zerolog.New(&r.log), Origin: r.origin, Filter: r.filter, Order: r.order, Batch: r.batch, Requests: r.requests, Window: r.window, MaxBytes: r.maxBytes, Native: r.native, Lease: r.lease, Heal: r.heal,
	}
	if r.forget {
		stream.Checkpoints = &relay.AtMostOnce{Leases: r.store, Lease: r.lease}
	}
	go func() { r.ended <- stream.Run(ctx) }()
}

// finish stops the relay and returns what it ended with.
func (r *rig) finish() error {
	r.stop()
	return <-r.ended
}

// wantAll checks that the topic has every event of the history, with its id, each at most times.
func (r *rig) wantAll(times int) {
	r.t.Helper()
	ids := r.topic.IDs()
	for _, e := range r.history.Events() {
		if n := ids[e.ID()]; n == 0 || n > times {
			r.t.Errorf("event %d arrived %d times, want 1 to %d", e.Key, n, times)
		}
		delete(ids, e.ID())
	}
	for id := range ids {
		r.t.Errorf("%s arrived and is not in the history", id)
	}
}

func TestEveryEventArrivesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(1000, 7, begin))
		r.start()
		time.Sleep(time.Minute)
		r.history.Append("vm-1", begin.Add(time.Hour))
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
		if position, _ := r.positions.Position(streamID); position.Key != 1001 {
			t.Errorf("the stored position is at key %d", position.Key)
		}
	})
}

func TestTheCheckpointIsNeverAheadOfAnAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(500, 5, begin))
		fail := 0
		r.topic.Err = func() error {
			if fail++; fail%3 == 0 {
				return errDown
			}
			return nil
		}
		r.store.OnSave = func(position event.Position) {
			acknowledged := r.topic.IDs()
			for _, e := range r.history.Events() {
				if position.Done(e.Key, e.Created) && acknowledged[e.ID()] == 0 {
					t.Errorf("position %d was stored before event %d was acknowledged", position.Key, e.Key)
				}
			}
		}
		r.start()
		time.Sleep(10 * time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		for _, e := range r.history.Events() {
			if r.topic.IDs()[e.ID()] == 0 {
				t.Errorf("event %d is lost", e.Key)
			}
		}
	})
}

// A write of the position costs the sidecar as much as publishing many events.
func TestABacklogIsNotHeldUpByWritesOfThePosition(t *testing.T) {
	for _, order := range []event.Order{event.OrderEntity, event.OrderNone} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, relaytest.NewHistory(6000, 60, begin))
			r.order = order
			writes := 0
			r.store.OnSave = func(event.Position) { writes++ }
			r.topic.Err = func() error {
				time.Sleep(time.Millisecond)
				return nil
			}
			r.start()
			time.Sleep(time.Minute)
			if err := r.finish(); err != nil {
				t.Fatal(err)
			}
			r.wantAll(1)
			if writes > 6000/150+5 {
				t.Errorf("order %d: the position was written %d times", order, writes)
			}
		})
	}
}

// Where there is always a request on its way, nothing else is a moment to write the position.
func TestThePositionIsWrittenEachSecondOfASlowStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(2000, 1, begin))
		r.order, r.batch = event.OrderNone, 1
		r.topic.Err = func() error {
			time.Sleep(300 * time.Millisecond)
			return nil
		}
		r.start()
		for range 1200 {
			time.Sleep(50 * time.Millisecond)
			acknowledged := len(r.topic.Taken())
			position, _ := r.positions.Position(streamID)
			if behind := acknowledged - int(position.Key); behind > 20 { // four in 300 ms
				t.Fatalf("%d events were acknowledged, the stored position is at key %d", acknowledged, position.Key)
			}
		}
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheStartPositionIsStoredBeforeTheFirstPageIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(3, 1, begin))
		r.history.OpenErr = func() error {
			if position, found := r.positions.Position(streamID); !found || !position.Start.Equal(begin) {
				t.Errorf("history is opened and the stored position is %+v (found %v)", position, found)
			}
			return nil
		}
		r.start()
		synctest.Wait()
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestEventsAreRetriedAndNotReadPastWhileTheTargetIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(100, 1, begin))
		var down outage
		down.on.Store(true)
		r.topic.Err = down.err
		r.start()
		time.Sleep(30 * time.Minute)
		for _, call := range r.topic.Calls() {
			if len(call) != 1 || call[0].Key != 1 {
				t.Fatalf("while event 1 was not taken, %d events from key %d were published", len(call), call[0].Key)
			}
		}
		if err := r.observer.Err(); err == nil || !strings.Contains(err.Error(), "target") {
			t.Errorf("ready while the target is down: %v", err)
		}
		if n := strings.Count(r.log.String(), `"level":"warn"`); n != 1 {
			t.Errorf("an outage was logged %d times:\n%s", n, r.log.String())
		}
		down.on.Store(false)
		time.Sleep(time.Minute)
		if err := r.observer.Err(); err != nil {
			t.Errorf("not ready after the outage: %v", err)
		}
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		for _, e := range r.history.Events() {
			if r.topic.IDs()[e.ID()] == 0 {
				t.Errorf("event %d is lost", e.Key)
			}
		}
	})
}

func TestAReaderThatFailedIsReplacedAndNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(300, 4, begin))
		calls := 0
		r.history.NextErr = func() error {
			if calls++; calls%2 == 0 {
				return errDown
			}
			return nil
		}
		r.start()
		time.Sleep(time.Hour)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
		if r.history.Opened() < 10 {
			t.Errorf("only %d readers were opened", r.history.Opened())
		}
	})
}

func TestAVCenterThatIsAwayIsTriedForEverWithPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10, 4, begin))
		var tries atomic.Int32
		var down outage
		down.on.Store(true)
		r.history.OpenErr = func() error {
			tries.Add(1)
			return down.err()
		}
		r.start()
		time.Sleep(time.Hour)
		if n := tries.Load(); n < 60 || n > 3600 {
			t.Errorf("tried %d times in an hour", n)
		}
		down.on.Store(false)
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
	})
}

func TestACrashRepeatsAtMostTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(1000, 200, begin))
		r.history.PageSize = 1000
		saves := 0
		r.store.Err = func() error {
			if saves++; saves < 4 { // the start and a few others
				return nil
			}
			r.stop()
			return errDown
		}
		r.start()
		if err := <-r.ended; err != nil {
			t.Fatal(err)
		}
		before := len(r.topic.Taken())
		r.store = r.positions.Owner()
		r.start()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(2)
		if repeated := len(r.topic.Taken()) - 1000; repeated == 0 || repeated > 200 || before < 100 {
			t.Errorf("%d events were repeated (%d before the crash)", repeated, before)
		}
	})
}

func TestNoBatchHoldsTwoEventsOfOneEntity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		history := relaytest.NewHistory(100, 9, begin)
		for range 150 { // without entity: no order to keep
			history.Append("", begin.Add(time.Hour))
		}
		history.PageSize = 1000
		r := newRig(t, history)
		r.start()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
		largest := 0
		for _, call := range r.topic.Calls() {
			entities := make(map[event.Ref]bool)
			for _, e := range call {
				if e.Entity.Value != "" && entities[e.Entity] {
					t.Fatalf("two events of %s in one batch: a broker may store them in either order", e.Entity)
				}
				entities[e.Entity] = true
			}
			largest = max(largest, len(call))
		}
		if largest != 100 {
			t.Errorf("the largest batch has %d events, want 100", largest)
		}
	})
}

func TestABatchStaysBelowTheSidecarsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		history := relaytest.NewHistory(0, 1, begin)
		for range 20 {
			history.AppendData(bytes.Repeat([]byte("x"), 300<<10))
		}
		history.AppendData(bytes.Repeat([]byte("x"), 3<<20))
		history.PageSize = 1000
		r := newRig(t, history)
		r.start()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
		for _, call := range r.topic.Calls() {
			size := 0
			for _, e := range call {
				size += len(e.Data)
			}
			if size > 2<<20 && len(call) > 1 {
				t.Errorf("a batch of %d events has %d bytes", len(call), size)
			}
		}
	})
}

func TestAStopLetsTheBatchInFlightFinishAndGivesTheStreamBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(50, 50, begin))
		r.topic.Err = func() error { time.Sleep(2 * time.Second); return nil }
		r.start()
		time.Sleep(time.Second) // in the middle of the first batch
		stopped := time.Now()
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(stopped); took > 5*time.Second {
			t.Errorf("stopping took %s", took)
		}
		position, _ := r.positions.Position(streamID)
		if n := len(r.topic.Taken()); n == 0 || int(position.Key) != n {
			t.Errorf("%d events were taken, the stored position is at key %d", n, position.Key)
		}
	})
}

// Requests are side by side, and in the order by entity an event may wait for the one before while later ones are taken.
func TestAStopUnderLoadRepeatsNothing(t *testing.T) {
	for name, of := range map[string]struct {
		order  event.Order
		events int
	}{
		"entity": {event.OrderEntity, 5000}, "strict": {event.OrderStrict, 200}, "none": {event.OrderNone, 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, 0))
				history := relaytest.NewHistory(0, 1, begin)
				for i := range of.events {
					history.Append("vm-"+strconv.Itoa(random.IntN(50)), begin.Add(time.Duration(i)*time.Second))
				}
				history.PageSize = 1000
				r := newRig(t, history)
				r.order = of.order
				var mu sync.Mutex
				r.topic.Err = func() error {
					mu.Lock()
					takes := time.Duration(random.IntN(40)) * time.Millisecond
					mu.Unlock()
					time.Sleep(takes)
					return nil
				}
				stops := 0
				for ; len(r.topic.Taken()) < of.events; stops++ {
					r.start()
					mu.Lock()
					runs := time.Duration(10+random.IntN(100)) * time.Millisecond
					mu.Unlock()
					time.Sleep(runs)
					stopped := time.Now()
					if err := r.finish(); err != nil {
						t.Fatal(err)
					}
					if took := time.Since(stopped); took > time.Second {
						t.Errorf("a stop took %s", took)
					}
				}
				r.wantAll(1)
				if stops < 10 {
					t.Errorf("only %d stops", stops)
				}
			})
		})
	}
}

func TestAStopSendsNothingBehindWhatWasOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(50, 1, begin))
		r.topic.Err = func() error { time.Sleep(100 * time.Millisecond); return nil }
		r.start()
		time.Sleep(50 * time.Millisecond)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if n := len(r.topic.Taken()); n != 1 {
			t.Errorf("%d events were taken, want the one that was on its way", n)
		}
	})
}

// What is not taken while the relay stops is not tried again, though others behind it were taken: the next start does that.
func TestAStopTriesNothingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(4, 4, begin))
		r.order, r.batch = event.OrderNone, 1
		r.topic.Err = func() error { time.Sleep(time.Second); return nil }
		r.topic.Refuse = func(e *event.Event) bool { return e.Key == 1 }
		r.start()
		time.Sleep(500 * time.Millisecond) // all four are on their way
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if n, taken := len(r.topic.Calls()), len(r.topic.Taken()); n != 4 || taken != 3 {
			t.Errorf("%d requests of which %d were taken, want 4 and 3", n, taken)
		}
	})
}

// The pauses between tries are long by the time that the order to stop comes.
func TestAStopStoresThePositionWhenTheStoreIsBackInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(1000, 200, begin))
		var down outage
		r.store.Err = down.err
		r.topic.OnTake(func(e event.Event) { down.on.Store(down.on.Load() || e.Key == 300) })
		r.start()
		time.Sleep(10 * time.Minute)
		r.topic.OnTake(nil)
		before := len(r.topic.Taken())
		time.AfterFunc(3900*time.Millisecond, func() { down.on.Store(false) })
		stopped := time.Now()
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(stopped); took > 5*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if n := len(r.topic.Taken()); n != before {
			t.Errorf("%d events were published after the order to stop", n-before)
		}
		r.start()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
	})
}

func TestAStopDoesNotWaitForAStoreThatStaysAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(1000, 200, begin))
		var down outage
		r.store.Err = down.err
		r.topic.OnTake(func(e event.Event) { down.on.Store(down.on.Load() || e.Key == 300) })
		r.start()
		time.Sleep(time.Minute)
		before, stopped := len(r.topic.Taken()), time.Now()
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(stopped); took > 5*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if n := len(r.topic.Taken()); n != before {
			t.Errorf("%d events were published after the order to stop", n-before)
		}
		if !strings.Contains(r.log.String(), "the last position was not stored in time") {
			t.Error("the log does not say that events come again")
		}
		if position, _ := r.positions.Position(streamID); int(position.Key) < before-200 {
			t.Errorf("%d events were published, the stored position is at key %d", before, position.Key)
		}
	})
}

func TestAStopOfAFencedStreamTriesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(1000, 200, begin))
		var down outage
		r.store.Err = down.err
		r.topic.OnTake(func(e event.Event) { down.on.Store(down.on.Load() || e.Key == 300) })
		r.start()
		time.Sleep(time.Minute)
		if _, _, err := r.positions.Owner().Acquire(t.Context(), streamID); err != nil {
			t.Fatal(err)
		}
		down.on.Store(false)
		r.topic.OnTake(nil)
		stopped := time.Now()
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(stopped); took > time.Second {
			t.Errorf("stopping took %s", took)
		}
	})
}

func TestAStopDoesNotWaitForATargetThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(50, 50, begin))
		r.store.Err = nil
		hanging := &hangingTopic{}
		ctx, stop := context.WithCancel(context.Background())
		stream := &relay.Stream{
			ID: streamID, Source: r.history, Publisher: hanging, Checkpoints: r.store,
			Observer: relay.NewObserver(prometheus.NewRegistry(), "fake", "default", "fake"), Log: zerolog.Nop(),
			Begin: func(context.Context) (event.Position, error) { return event.Position{}, nil },
		}
		ended := make(chan error, 1)
		go func() { ended <- stream.Run(ctx) }()
		synctest.Wait()
		stopped := time.Now()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(stopped); took > 6*time.Second {
			t.Errorf("stopping took %s", took)
		}
	})
}

type hangingTopic struct{}

func (*hangingTopic) SetAside(context.Context, *event.Event, string) error { return nil }

func (*hangingTopic) Publish(ctx context.Context, _ []event.Event) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAFencedStreamPublishesNoMoreAndStandsBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10, 10, begin))
		r.lease = 9 * time.Second
		r.start()
		time.Sleep(time.Minute)
		other := r.positions.Owner()
		if _, _, err := other.Acquire(t.Context(), streamID); err != nil { // there is no lease in this store
			t.Fatal(err)
		}
		r.positions.Lease = r.lease
		for range 10 {
			r.history.Append("vm-1", begin.Add(time.Hour))
			time.Sleep(time.Second)
			position, _ := r.positions.Position(streamID)
			if err := other.Save(t.Context(), streamID, position); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(r.topic.Taken()); n > 12 { // the second one may go out while the first one's write fails
			t.Errorf("%d events were published: it went on after the write that failed", n)
		}
		if err := r.observer.Err(); err != nil {
			t.Errorf("who stands by is not ready: %v", err)
		}
		time.Sleep(time.Minute) // the other one is away
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(2)
	})
}

func TestAnIdleStreamKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10, 10, begin))
		r.lease = 9 * time.Second
		r.positions.Lease = r.lease
		r.start()
		for range 600 {
			time.Sleep(time.Second)
			if _, _, err := r.positions.Owner().Acquire(t.Context(), streamID); !errors.Is(err, event.ErrHeld) {
				t.Fatal("another relay got the stream of one that is idle", err)
			}
		}
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.positions.Owner().Acquire(t.Context(), streamID); err != nil {
			t.Errorf("it was not given back: %v", err)
		}
	})
}

// A relay that could not renew its lease may have lost it, and does not know yet.
func TestNothingIsSentWithoutALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10, 10, begin))
		r.lease = 9 * time.Second
		var down outage
		r.store.Err = down.err
		r.start()
		time.Sleep(time.Minute)
		down.on.Store(true)
		time.Sleep(7 * time.Second)
		for range 20 {
			r.history.Append("vm-1", begin.Add(time.Hour))
		}
		time.Sleep(time.Minute)
		if n := len(r.topic.Taken()); n != 10 {
			t.Errorf("%d events were published after two thirds of the lease", n-10)
		}
		down.on.Store(false)
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
	})
}

func TestADamagedPositionIsAnnouncedAndHoldsTheStreamUntilSomebodyDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10, 10, begin))
		r.origin = relaytest.Origin
		r.positions.Damage(streamID, `{"epoch":0,"key":17,"recent":"A`)
		r.start()
		time.Sleep(10 * time.Minute)
		taken := r.topic.Taken()
		if len(taken) != 1 || taken[0].Kind() != event.KindDamaged {
			t.Errorf("published %v, want the announcement alone", taken)
		}
		if r.observer.Err() == nil {
			t.Error("it is ready")
		}
		if n := strings.Count(r.log.String(), "the stream waits"); n < 9 || n > 11 {
			t.Errorf("complained %d times in 10 minutes", n)
		}
		if err := r.positions.Restore(streamID, event.Position{Start: begin}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if n := len(r.topic.Taken()); n != 11 {
			t.Errorf("%d events after the decision", n)
		}
	})
}

func TestADamagedPositionOfARunningStreamStopsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10, 10, begin))
		var damaged atomic.Bool
		r.store.Err = func() error {
			if damaged.Load() {
				return event.ErrDamaged
			}
			return nil
		}
		r.start()
		time.Sleep(time.Minute)
		damaged.Store(true)
		for range 10 {
			r.history.Append("vm-1", begin.Add(time.Hour))
			time.Sleep(time.Minute)
		}
		if n := len(r.topic.Taken()); n > 11 {
			t.Errorf("%d events were published", n-10)
		}
		if n := strings.Count(r.log.String(), "the stream waits"); n < 9 || n > 11 {
			t.Errorf("complained %d times in 10 minutes", n)
		}
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheFirstStartIsAnnouncedBeforeAnythingElseAlsoAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10, 10, begin))
		r.origin = relaytest.Origin
		r.started = &event.Gap{Kind: event.KindStarted, Reason: "first start", To: begin}
		var down outage
		down.on.Store(true)
		r.topic.Err = down.err
		r.start()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		down.on.Store(false)
		for range 2 {
			r.start()
			time.Sleep(time.Minute)
			if err := r.finish(); err != nil {
				t.Fatal(err)
			}
		}
		taken := r.topic.Taken()
		if len(taken) != 11 || taken[0].Kind() != event.KindStarted || !strings.HasSuffix(taken[0].ID(), "-started-"+strconv.FormatInt(begin.UnixMicro(), 10)) {
			t.Errorf("published %d, first %s", len(taken), taken[0].ID())
		}
	})
}

func TestWhereNoPositionIsStoredEachRunBeginsAnewAndTheLeaseIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10, 10, begin))
		r.lease, r.positions.Lease, r.forget = fleetLease, fleetLease, true
		r.start()
		for range 60 {
			time.Sleep(time.Second)
			r.history.Append("vm-1", begin.Add(time.Hour))
			if _, _, err := r.positions.Owner().Acquire(t.Context(), streamID); !errors.Is(err, event.ErrHeld) {
				t.Fatal("another relay got the stream", err)
			}
		}
		time.Sleep(10 * time.Second)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if _, found := r.positions.Position(streamID); found {
			t.Error("a position is stored")
		}
		r.start()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if n := len(r.topic.Taken()); n != 140 {
			t.Errorf("%d events, want all twice: the second run begins where the first did", n)
		}
	})
}

func TestAStreamEndsWhenAnotherVcenterAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(10, 10, begin))
		var replaced atomic.Bool
		r.history.NextErr = func() error {
			if replaced.Load() {
				return event.ErrReplaced
			}
			return nil
		}
		r.start()
		time.Sleep(time.Minute)
		replaced.Store(true)
		if err := <-r.ended; !errors.Is(err, event.ErrReplaced) {
			t.Errorf("ended with %v", err)
		}
		r.stop()
		if owner := r.positions.OwnerOf(streamID); owner != 0 {
			t.Error("the stream was not given back")
		}
	})
}

func TestAStoreThatIsDownHoldsTheStreamBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(600, 1, begin))
		var down outage
		r.store.Err = down.err
		r.topic.OnTake(func(e event.Event) {
			if e.Key == 100 {
				down.on.Store(true)
			}
		})
		r.start()
		time.Sleep(10 * time.Minute)
		if n := len(r.topic.Taken()); n < 100 || n > 299 { // the window
			t.Errorf("%d events were published while the position could not be stored", n)
		}
		down.on.Store(false)
		time.Sleep(10 * time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
	})
}

func TestReadyOnlyWhenEverythingWasReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(0, 1, begin))
		var down outage
		down.on.Store(true)
		r.store.Err = down.err
		r.start()
		time.Sleep(time.Second)
		if r.observer.Err() == nil {
			t.Error("ready without a checkpoint store")
		}
		down.on.Store(false)
		time.Sleep(time.Minute)
		if err := r.observer.Err(); err != nil {
			t.Errorf("not ready: %v", err)
		}
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheFakeStoreIsACheckpointStore(t *testing.T) {
	const lease = 300 * time.Millisecond
	positions := relaytest.NewPositions()
	positions.Lease = lease
	relaytest.CheckpointSuite(t, "suite", lease, func() relay.Checkpoints { return positions.Owner() })
}

func TestOnePoisonedEventIsSetAsideAndAnnouncedInItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		history := relaytest.NewHistory(1000, 60, begin)
		history.PageSize = 1000
		r := newRig(t, history)
		r.topic.Refuse = func(e *event.Event) bool { return e.Key == 333 && !e.IsAnnouncement() }
		r.start()
		time.Sleep(10 * time.Minute)
		if err := r.observer.Err(); err != nil {
			t.Errorf("not ready: %v", err)
		}
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if aside := r.topic.Aside(); len(aside) != 1 || aside[0].Key != 333 {
			t.Errorf("%d events were set aside", len(aside))
		}
		order := make(map[event.Ref]int32)
		ids, told := r.topic.IDs(), 0
		for _, e := range r.topic.Taken() {
			if e.Kind() == event.KindSetAside {
				told++
				delete(ids, e.ID())
				if before := order[e.Entity]; before != 333-60 {
					t.Errorf("the announcement stands behind event %d", before)
				}
			}
			if ids[e.ID()] == 1 && e.Key < order[e.Entity] {
				t.Errorf("event %d of %s came behind %d", e.Key, e.Entity, order[e.Entity])
			}
			order[e.Entity] = max(order[e.Entity], e.Key)
		}
		if told != 1 || len(ids) != 999 {
			t.Errorf("announced %d times, %d other events arrived", told, len(ids))
		}
		if position, _ := r.positions.Position(streamID); position.Key != 1000 {
			t.Errorf("the position is at key %d", position.Key)
		}
	})
}

// A target that takes nothing is none that refuses an event, however long that lasts.
func TestAnOutageSetsNothingAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		history := relaytest.NewHistory(500, 60, begin)
		r := newRig(t, history)
		var down outage
		r.topic.Err = down.err
		r.start()
		for range 20 {
			time.Sleep(time.Minute)
			down.on.Store(!down.on.Load())
			for range 100 {
				history.Append("vm-1", begin.Add(time.Hour))
			}
		}
		down.on.Store(false)
		time.Sleep(10 * time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if aside := r.topic.Aside(); len(aside) > 0 {
			t.Errorf("%d events were set aside", len(aside))
		}
		for _, e := range history.Events() {
			if r.topic.IDs()[e.ID()] == 0 {
				t.Fatalf("event %d is lost", e.Key)
			}
		}
	})
}

func TestAnEventThatIsTooLargeIsTrimmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		history := relaytest.NewHistory(0, 1, begin)
		history.AppendData([]byte(`{"_typeName":"VmReconfiguredEvent","key":1,"configSpec":"` + strings.Repeat("x", 2<<20) + `","host":{"name":"esx1"}}`))
		r := newRig(t, history)
		r.maxBytes = 1 << 20
		r.start()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		taken := r.topic.Taken()
		if len(taken) != 1 || !taken[0].Truncated || string(taken[0].Data) != `{"_typeName":"VmReconfiguredEvent","key":1,"host":{"name":"esx1"}}` {
			t.Errorf("taken was %.200s", taken[0].Data)
		}
	})
}

// Each order allows what it says: requests side by side, of one event of an entity each.
func TestTheOrderOfAStreamIsKept(t *testing.T) {
	for name, check := range map[string]struct {
		order   event.Order
		native  bool
		batch   int
		overlap bool // events of one entity may be on their way at a time
		largest int
	}{
		"entity":              {event.OrderEntity, false, 0, false, 40},
		"entity, natively":    {event.OrderEntity, true, 0, true, 100},
		"strict":              {event.OrderStrict, false, 0, false, 1},
		"strict, natively":    {event.OrderStrict, true, 0, true, 100},
		"none":                {event.OrderNone, false, 0, true, 100},
		"none, one at a call": {event.OrderNone, false, 1, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				history := relaytest.NewHistory(1000, 40, begin)
				history.PageSize = 1000
				r := newRig(t, history)
				r.order, r.native, r.batch = check.order, check.native, check.batch
				var mu sync.Mutex
				flying, most := 0, 0
				r.topic.Err = func() error {
					mu.Lock()
					flying++
					most = max(most, flying)
					mu.Unlock()
					time.Sleep(5 * time.Millisecond)
					mu.Lock()
					flying--
					mu.Unlock()
					return nil
				}
				r.start()
				time.Sleep(10 * time.Minute)
				if err := r.finish(); err != nil {
					t.Fatal(err)
				}
				r.wantAll(1)
				largest, last := 0, make(map[event.Ref]int32)
				for _, call := range r.topic.Calls() {
					largest = max(largest, len(call))
					in := make(map[event.Ref]bool)
					for _, e := range call {
						if check.order != event.OrderNone && e.Key < last[e.Entity] {
							t.Fatalf("event %d came behind %d of %s", e.Key, last[e.Entity], e.Entity)
						}
						last[e.Entity] = e.Key
						if in[e.Entity] && !check.overlap {
							t.Fatalf("two events of %s in one request", e.Entity)
						}
						in[e.Entity] = true
					}
				}
				if largest != check.largest {
					t.Errorf("the largest request had %d events, want %d", largest, check.largest)
				}
				if side := most > 1; side != (check.order == event.OrderNone) && check.order != event.OrderEntity {
					t.Errorf("%d requests were on their way at a time", most)
				}
			})
		})
	}
}

func TestATargetThatIsOutForMinutesIsHealedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(100, 10, begin))
		var down outage
		down.on.Store(true)
		r.topic.Err = down.err
		var at []time.Duration
		began := time.Now()
		r.heal = func(context.Context) error {
			at = append(at, time.Since(began).Truncate(time.Minute))
			return nil
		}
		r.start()
		time.Sleep(25 * time.Minute)
		if want := []time.Duration{2 * time.Minute, 12 * time.Minute, 22 * time.Minute}; !slices.Equal(at, want) {
			t.Errorf("healed at %v, want %v", at, want)
		}
		down.on.Store(false)
		time.Sleep(20 * time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if len(at) != 3 {
			t.Errorf("healed %d times although nothing is wrong", len(at)-3)
		}
	})
}
