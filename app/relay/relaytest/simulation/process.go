package simulation

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
	"github.com/vcrelay/vcrelay/app/vcenter"
)

// stopsWithin is how long a relay may take after the order to stop.
const stopsWithin = 6 * time.Second

// process is one run of the relay: the real stream and the real reader between fakes.
type process struct {
	day    *day
	number int
	pages  *rand.Rand // one for each of those that it calls side by side, so that their order does not matter
	takes  *rand.Rand
	saves  *rand.Rand
	stop   context.CancelFunc
	next   func() // starts another one in its place
	once   sync.Once
	fenced atomic.Bool   // another one has taken its place
	dead   chan struct{} // closed by a crash: nothing that it does has an effect any more
	ended  chan struct{} // closed when all of it has ended
}

// startProcess begins another process.
func (d *day) startProcess() *process {
	d.processes++
	ctx, stop := context.WithCancel(context.Background())
	p := &process{day: d, number: d.processes, stop: stop, dead: make(chan struct{}), ended: make(chan struct{})}
	stream := uint64(p.number) << 8 //nolint:gosec // small
	p.pages, p.takes, p.saves = seeded(d.seed, stream), seeded(d.seed, stream+1), seeded(d.seed, stream+2)
	source := vcenter.NewShared("simulated", d.server.dialer(p)).Member(d.log)
	relaying := &relay.Stream{
		ID: "simulated/default", Source: relaySource{source}, Publisher: &target{d, p}, Checkpoints: &store{d, p},
		Begin: func(ctx context.Context) (event.Position, error) {
			now, err := source.Now(ctx)
			return d.server.readings.Start.Position(now), err
		},
		Observer: relay.NewObserver(prometheus.NewRegistry(), "simulated", "default", "simulated"), Log: d.log,
		Jitter: p.jitter,
	}
	p.next = func() { d.replace(p) }
	d.all = append(d.all, p)
	d.log.Info().Int("process", p.number).Msg("SIMULATION: process starts")
	go func() {
		defer close(p.ended)
		err := relaying.Run(ctx)
		fenced := d.record.takenFrom(p)
		if ctx.Err() == nil && !fenced {
			d.fault("the relay ended by itself: %v", err)
		}
		source.Close(ctx)
		stop()
	}()
	return p
}

// jitter draws by the time alone: several goroutines of a relay may ask at the same instant, in any order.
func (p *process) jitter(limit time.Duration) time.Duration {
	return between(seeded(p.day.seed, uint64(p.day.since())), 0, limit-1) //nolint:gosec // not negative
}

// takenFrom tells whether another process is the owner.
func (r *record) takenFrom(p *process) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.owner != p.number
}

// apart keeps what two processes do for the same reason from happening at the same instant.
func (p *process) apart() time.Duration { return time.Duration(p.number) * 137 * time.Microsecond }

func (p *process) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// crash ends the process at once, and has another one started in its place or not. How long that takes is drawn before: what the end
// wakes draws as well.
func (p *process) crash(restart bool) {
	p.once.Do(func() {
		p.day.log.Info().Int("process", p.number).Msg("SIMULATION: process crashes")
		if restart {
			away := between(p.takes, 100*time.Millisecond, 20*time.Second)
			p.day.trouble.lasts(away)
			p.day.world.in(away, p.next)
		}
		close(p.dead)
		p.stop()
	})
}

// replace starts a process in place of one that has crashed or was told to stop. What runs on of one that has crashed, and tries in
// vain to finish, is no process any more: only one that was told to stop has to have ended.
func (d *day) replace(old *process) {
	if d.current != old {
		return
	}
	select {
	case <-old.ended:
	case <-old.dead:
	default:
		d.fault("process %d had not ended %v after it was told to", old.number, stopsWithin)
	}
	d.current = d.startProcess()
}

// relaySource lets the reader of package vcenter be the reader that package relay asks for.
type relaySource struct{ *vcenter.Member }

// Open is relay.Source.
func (s relaySource) Open(ctx context.Context, after event.Position) (relay.Reader, error) {
	reader, err := s.Member.Open(ctx, after)
	if err != nil {
		return nil, err // not a nil *Listener in an interface
	}
	return reader, nil
}
