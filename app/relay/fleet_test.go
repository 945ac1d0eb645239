package relay_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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

const fleetLease = 9 * time.Second

// world is what replicas share: the streams' histories, their topics, and the store.
type world struct {
	t         *testing.T
	histories []*relaytest.History
	topics    []*relaytest.Topic
	positions *relaytest.Positions
	members   relaytest.Members
	slow      time.Duration // that each call of the store takes
}

func newWorld(t *testing.T, streams int) *world {
	w := &world{t: t, positions: relaytest.NewPositions(), members: relaytest.Members{Lease: fleetLease}}
	w.positions.Lease = fleetLease
	for range streams {
		w.histories = append(w.histories, relaytest.NewHistory(10, 3, begin))
		w.topics = append(w.topics, &relaytest.Topic{})
	}
	return w
}

// replica is a process of its own.
type replica struct {
	world  *world
	dead   atomic.Bool // nothing that it does has an effect any more
	able   []int       // streams by number
	store  *relaytest.Store
	plans  chan []relay.Plan
	shares *relay.Shares
	stop   context.CancelFunc
	ended  chan struct{}
	opens  atomic.Int32
}

func (w *world) replica(able ...int) *replica {
	if able == nil {
		for i := range w.histories {
			able = append(able, i)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &replica{world: w, able: able, store: w.positions.Owner(), plans: make(chan []relay.Plan), stop: stop, ended: make(chan struct{})}
	member := w.members.NewMember()
	member.Err = r.err
	r.store.Err = func() error { time.Sleep(w.slow); return r.err() }
	r.shares = relay.NewShares()
	fleet := &relay.Fleet{Members: member, Shares: r.shares, Lease: fleetLease, Log: zerolog.Nop()}
	go func() {
		defer close(r.ended)
		if err := fleet.Run(ctx, r.plans); err != nil {
			w.t.Error(err)
		}
	}()
	r.plans <- r.planned()
	return r
}

// planned returns the plans of all that it is able to relay, but those that are left out.
func (r *replica) planned(without ...int) []relay.Plan {
	var plans []relay.Plan
	for _, i := range r.able {
		if !slices.Contains(without, i) {
			plans = append(plans, relay.Plan{Name: fmt.Sprint("stream ", i), Open: func(context.Context) (*relay.Stream, func(), error) {
				r.opens.Add(1)
				return r.stream(i), func() {}, nil
			}})
		}
	}
	return plans
}

func (r *replica) stream(i int) *relay.Stream {
	return &relay.Stream{
		ID: streamName(i), Source: r.world.histories[i], Publisher: &mortal{r, r.world.topics[i]}, Checkpoints: r.store,
		Begin:    func(context.Context) (event.Position, error) { return event.Position{Start: begin}, nil },
		Observer: relay.NewObserver(prometheus.NewRegistry(), "fake", "default", "fake"), Log: zerolog.Nop(),
		Lease: fleetLease, Shares: r.shares,
	}
}

func streamName(i int) string { return fmt.Sprintf("vcenter-%d/default", i) }

var errDead = errors.New("this replica is dead")

func (r *replica) err() error {
	if r.dead.Load() {
		return errDead
	}
	return nil
}

// mortal is a topic as long as its replica lives.
type mortal struct {
	replica *replica
	*relaytest.Topic
}

func (m *mortal) Publish(ctx context.Context, events []event.Event) error {
	if err := m.replica.err(); err != nil {
		return err
	}
	return m.Topic.Publish(ctx, events)
}

func (r *replica) kill() {
	r.dead.Store(true)
	r.stop()
}

// spread counts the streams by owner, the least first.
func (w *world) spread() []int {
	counts := make(map[int]int)
	for i := range w.histories {
		counts[w.positions.OwnerOf(streamName(i))]++
	}
	return slices.Sorted(maps.Values(counts))
}

func (w *world) wantSpread(when string, want ...int) {
	w.t.Helper()
	if got := w.spread(); !slices.Equal(got, want) {
		w.t.Errorf("%s: streams by owner %v, want %v", when, got, want)
	}
}

// wantOwned checks that each stream has an owner.
func (w *world) wantOwned(when string) {
	w.t.Helper()
	for i := range w.histories {
		if w.positions.OwnerOf(streamName(i)) == 0 {
			w.t.Errorf("%s: stream %d has no owner", when, i)
		}
	}
}

// wantAll checks that each topic has all of its history.
func (w *world) wantAll() {
	w.t.Helper()
	for i, history := range w.histories {
		ids := w.topics[i].IDs()
		for _, e := range history.Events() {
			if ids[e.ID()] == 0 {
				w.t.Errorf("event %d of stream %d is lost", e.Key, i)
			}
		}
	}
}

// end stops replicas when all that there is has been relayed.
func (w *world) end(replicas ...*replica) {
	time.Sleep(30 * time.Second)
	for _, r := range replicas {
		r.stop()
	}
	for _, r := range replicas {
		<-r.ended
	}
}

// grow has each history go on for some seconds.
func (w *world) grow(seconds int) {
	for range seconds {
		time.Sleep(time.Second)
		for _, history := range w.histories {
			history.Append("vm-1", begin.Add(time.Hour))
		}
	}
}

// While the store takes its time, the looks at the streams of others must not be in the way of the one that is free.
func TestTheSharesAreTakenAlsoWhereTheStoreIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 30)
		w.slow = 900 * time.Millisecond
		first, second := w.replica(), w.replica()
		w.grow(30)
		w.wantSpread("two replicas", 15, 15)
		third := w.replica()
		w.grow(30)
		w.wantSpread("a third one joined", 10, 10, 10)
		third.kill()
		w.grow(60)
		w.wantSpread("it was killed a minute ago", 15, 15)
		w.end(first, second)
		w.wantAll()
	})
}

func TestStreamsSpreadEvenlyOverTheReplicasThatLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 30)
		first := w.replica()
		w.grow(2)
		w.wantSpread("one replica", 30)
		second := w.replica()
		w.grow(5)
		w.wantSpread("a second one joined", 15, 15)
		third := w.replica()
		w.grow(5)
		w.wantSpread("a third one joined", 10, 10, 10)
		third.kill()
		w.grow(15)
		w.wantSpread("it was killed, 15 seconds ago", 15, 15)
		fourth := w.replica()
		w.grow(5)
		w.wantSpread("another one joined", 10, 10, 10)
		w.end(fourth)
		w.grow(5)
		w.wantSpread("it was stopped", 15, 15)
		w.grow(20)
		w.end(first, second)
		<-third.ended
		w.wantAll()
	})
}

// Else the next owner would repeat a window though nobody has crashed, and after a crash of that one it would come a third time.
func TestAStreamIsGivenBackWithItsPositionAlsoWhereTheStoreIsAwayForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		for i := range w.histories {
			w.histories[i] = relaytest.NewHistory(5000, 200, begin)
			w.topics[i].Err = func() error { time.Sleep(50 * time.Millisecond); return nil }
		}
		first := w.replica()
		var down outage
		first.store.Err = down.err
		time.Sleep(time.Second)
		down.on.Store(true)
		second := w.replica()
		time.Sleep(3 * time.Second)
		w.wantSpread("while the store is away", 2)
		down.on.Store(false)
		time.Sleep(3 * time.Second)
		w.wantSpread("the store is back", 1, 1)
		w.end(first, second)
		w.wantAll()
		for i, topic := range w.topics {
			if n := len(topic.Taken()) - 5000; n != 0 {
				t.Errorf("%d events of stream %d were repeated", n, i)
			}
		}
	})
}

func TestEveryStreamHasAnOwnerWhereAReplicaReachesOnlySome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 30)
		few := w.replica(0, 1, 2, 3, 4)
		w.grow(2) // together they would race for these five, and the other one would be left with some of them
		all := w.replica()
		w.grow(60)
		w.wantOwned("one of two reaches 5") // which ones it gets is left to chance
		w.end(few, all)
		few, all = w.replica(0, 1, 2, 3, 4), w.replica(5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29)
		w.grow(60)
		w.wantSpread("each reaches others", 5, 25)
		w.end(few, all)
		w.wantAll()
	})
}

func TestAStreamThatNobodyTakesIsTakenBeyondTheShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10)
		idle := w.members.NewMember() // says that it can relay all, and takes none
		stop := make(chan struct{})
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Second):
					_, _ = idle.Meet(t.Context(), 10)
				}
			}
		}()
		time.Sleep(2 * time.Second)
		r := w.replica()
		w.grow(5)
		if n := w.spread(); slices.Max(n) > 5 {
			t.Errorf("at first it takes its share: %v", n)
		}
		w.grow(60)
		w.wantSpread("nobody else takes the others", 10)
		close(stop)
		w.end(r)
		w.wantAll()
	})
}

func TestWhatIsPlannedAsBeforeGoesOnUndisturbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3)
		r := w.replica()
		w.grow(5)
		next := r.planned(2)        // without the last,
		next[1].Fingerprint = "new" // and another one changed
		opens := r.opens.Load()
		r.plans <- next
		w.grow(5)
		if n := r.opens.Load() - opens; n != 1 {
			t.Errorf("%d streams were opened, want the one that changed", n)
		}
		if n := w.histories[0].Opened(); n != 1 {
			t.Errorf("the one that did not change was read %d times", n)
		}
		if owner := w.positions.OwnerOf(streamName(2)); owner != 0 {
			t.Error("the one that is not planned any more was not given back")
		}
		r.plans <- r.planned()
		w.grow(20)
		w.end(r)
		w.wantAll()
	})
}

func TestAStreamThatCannotBeOpenedLeavesTheOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3)
		r := w.replica()
		plans := r.planned()
		open, tries := plans[0].Open, 0
		plans[0].Fingerprint = "broken"
		plans[0].Open = func(ctx context.Context) (*relay.Stream, func(), error) {
			if tries++; tries < 10 {
				return nil, nil, errDown
			}
			return open(ctx)
		}
		r.plans <- plans
		w.grow(10)
		if n := len(w.topics[1].Taken()); n < 15 {
			t.Errorf("the others relayed %d events", n)
		}
		if tries < 2 || tries > 8 {
			t.Errorf("tried %d times in ten seconds", tries)
		}
		w.grow(600)
		w.end(r)
		w.wantAll()
	})
}
