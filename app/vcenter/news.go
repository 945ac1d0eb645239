package vcenter

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// followAgain is how long a watch that has failed is left alone. The reader polls meanwhile.
const followAgain = 30 * time.Second

// news is what a session tells of the newest event while nobody asks: the signal to read, and the sign that history goes
// on where a reader sees none of it.
type news struct {
	session Session
	log     zerolog.Logger
	changed chan struct{} // holds one signal
	cancel  context.CancelFunc
	done    chan struct{}

	mu     sync.Mutex
	newest learnt
	known  bool // newest is one
	live   bool // vCenter tells of changes; without it nobody is woken
}

// learnt is the newest event, and our time when it was told.
type learnt struct {
	Mark
	at time.Time
}

// follow watches until stop, whenever ctx ends.
func follow(ctx context.Context, session Session, log zerolog.Logger) *news {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n := &news{session: session, log: log, changed: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{}), live: true}
	go func() {
		defer close(n.done)
		n.run(ctx)
	}()
	return n
}

func (n *news) run(ctx context.Context) {
	for {
		err := n.session.Watch(ctx, n.tell)
		if ctx.Err() != nil {
			return
		}
		n.log.Debug().Err(err).Msg("vcenter does not tell of new events: polling")
		n.setLive(false)
		n.wake() // whoever waits is to see for himself
		if wait(ctx, followAgain) != nil {
			return
		}
		n.setLive(true)
	}
}

func (n *news) tell(newest Mark) {
	if !newest.Created.IsZero() {
		n.learn(newest)
	}
	n.setLive(true)
	n.wake()
}

func (n *news) learn(newest Mark) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.newest, n.known = learnt{newest, time.Now()}, true
}

func (n *news) wake() {
	select {
	case n.changed <- struct{}{}:
	default: // the reader has yet to see the signal before
	}
}

func (n *news) setLive(live bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.live = live
}

// last is the newest event that vCenter has told of.
func (n *news) last() (newest learnt, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.newest, n.known
}

func (n *news) isLive() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.live
}

func (n *news) stop() {
	n.cancel()
	<-n.done
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
