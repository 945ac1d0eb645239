package simulation

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation/judge"
	"github.com/vcrelay/vcrelay/app/vcenter"
)

// route is one of the streams of the vCenter: its target, its record in the checkpoint store, and what was seen of both. It outlives
// processes.
type route struct {
	day     *day
	number  int
	start   event.Start
	from    time.Duration // when it is there first
	trouble *trouble      // of this stream alone
	record  record

	mu        sync.Mutex
	steps     []judge.Step
	attempts  int
	targetOut int
}

// note adds a step to the record of the stream.
func (r *route) note(step judge.Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	step.At = r.day.since()
	r.steps = append(r.steps, step)
}

// begins is when the first start was stored.
func (r *route) begins() time.Duration {
	i := slices.IndexFunc(r.steps, func(step judge.Step) bool { return step.Act == judge.Written })
	if i < 0 {
		return 0
	}
	return r.steps[i].At
}

func (r *route) nextAttempt() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts++
	return r.attempts
}

func (r *route) isOut() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.targetOut > 0
}

// out has the target be away for a while; several outages may overlap.
func (r *route) out(lasts time.Duration) {
	add := func(n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.targetOut += n
	}
	add(1)
	r.trouble.lasts(lasts)
	r.day.world.in(lasts, func() { add(-1) })
}

// stream is a route in a process: the real stream and the real reader between fakes.
type stream struct {
	process *process
	route   *route
	takes   *rand.Rand // one for each of those that it calls side by side, so that their order does not matter
	saves   *rand.Rand
	stint   atomic.Int64 // which of those that had the record is this one
	fenced  atomic.Bool  // the same stream of another process has taken its place
	logins  atomic.Int64
}

func (p *process) newStream(r *route) *stream {
	seed := uint64(p.number)<<8 + uint64(r.number)<<2 //nolint:gosec // small
	return &stream{process: p, route: r, takes: seeded(p.day.seed, seed+1), saves: seeded(p.day.seed, seed+2)}
}

// loggingIn is the key of the stream in a context, for who logs in.
type loggingIn struct{}

// run relays until ctx ends.
func (s *stream) run(ctx context.Context, shared *vcenter.Shared) {
	p, d := s.process, s.process.day
	source := shared.Member(d.log)
	relaying := &relay.Stream{
		ID: "simulated/default", Source: relaySource{source, time.Duration(s.route.number) * time.Microsecond}, Publisher: &target{s}, Checkpoints: &store{s},
		Begin: func(ctx context.Context) (event.Position, error) {
			now, err := source.Now(ctx)
			return s.route.start.Position(now), err
		},
		Observer: relay.NewObserver(prometheus.NewRegistry(), "simulated", "default", "simulated"), Log: d.log.With().Int("stream", s.route.number).Logger(),
		Jitter: s.jitter, Idle: source.Close,
	}
	err := relaying.Run(context.WithValue(ctx, loggingIn{}, s))
	if ctx.Err() == nil && !s.route.record.takenFrom(s) {
		d.fault("stream %d of process %d ended by itself: %v", s.route.number, p.number, err)
	}
	source.Close(ctx)
}

// jitter draws by the time alone: several goroutines of a relay may ask at the same instant, in any order.
func (s *stream) jitter(limit time.Duration) time.Duration {
	d := s.process.day
	return between(seeded(d.seed+uint64(s.route.number)<<40, uint64(d.since())), 0, limit-1) //nolint:gosec // not negative
}

// relaySource lets the reader of package vcenter be the reader that package relay asks for.
type relaySource struct {
	*vcenter.Member
	apart time.Duration
}

// Open is relay.Source.
func (s relaySource) Open(ctx context.Context, after event.Position) (relay.Reader, error) {
	listener, err := s.Member.Open(ctx, after)
	if err != nil {
		return nil, err
	}
	return &reader{listener, s.apart}, nil
}

// reader is a Listener that goes on a little after those of other streams that the same page, or the same end, has woken: whose turn
// is first at one instant nobody could repeat.
type reader struct {
	*vcenter.Listener
	apart time.Duration
}

// Next is relay.Reader.
func (r *reader) Next(ctx context.Context) (event.Page, error) {
	page, err := r.Listener.Next(ctx)
	r.wait()
	return page, err
}

// Close is relay.Reader.
func (r *reader) Close(ctx context.Context) {
	r.wait()
	r.Listener.Close(ctx)
}

func (r *reader) wait() {
	if r.apart > 0 {
		timer := time.NewTimer(r.apart)
		defer timer.Stop()
		<-timer.C
	}
}
