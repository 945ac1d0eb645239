package relay

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// How often a stream is tried again that could not be opened: a vCenter may be away for days, and one that refuses the
// credentials must not lock the account.
const (
	firstReopen = time.Second
	lastReopen  = time.Minute
)

// leaveTime is what saying good-bye to the other replicas may take.
const leaveTime = time.Second

// Plan is a stream that is to run.
type Plan struct {
	Name        string // for the log, unique in the fleet
	Fingerprint string // of everything that it runs with: another one makes it another stream

	// Open makes the stream, and what frees it again. It may block while it reaches vCenter.
	Open func(ctx context.Context) (stream *Stream, release func(), err error)
}

// Fleet runs streams beside each other. What befalls one does not touch the others.
type Fleet struct {
	Members Members
	Shares  *Shares
	Lease   time.Duration
	Log     zerolog.Logger
}

// Run runs the streams of the last plans that came, until ctx ends and all have ended. A stream whose plan is there again as it
// was goes on undisturbed.
func (f *Fleet) Run(ctx context.Context, plans <-chan []Plan) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	f.meet(ctx) // so that a replica that joins does not think that it is alone
	beside.Go(func() { f.meetOften(ctx) })
	running := make(map[string]*running)
	defer func() { stopAll(running) }()
	for {
		select {
		case next := <-plans:
			f.change(ctx, running, next)
		case <-ctx.Done():
			return nil
		}
	}
}

// running is a stream of a plan.
type running struct {
	fingerprint string
	stop        context.CancelFunc
	ended       chan struct{}
}

func stopAll(streams map[string]*running) {
	for _, r := range streams {
		r.stop()
	}
	for _, r := range streams {
		<-r.ended
	}
}

// change stops what is not planned any more, and starts what is new.
func (f *Fleet) change(ctx context.Context, streams map[string]*running, plans []Plan) {
	gone := make(map[string]*running)
	for name, r := range streams {
		gone[name] = r
	}
	for _, plan := range plans {
		if r, runs := streams[plan.Name]; runs && r.fingerprint == plan.Fingerprint {
			delete(gone, plan.Name)
		}
	}
	stopAll(gone)
	for name := range gone {
		f.Log.Info().Str("stream", name).Msg("stopped: the configuration has changed")
		delete(streams, name)
	}
	for _, plan := range plans {
		if _, runs := streams[plan.Name]; !runs {
			streams[plan.Name] = f.start(ctx, plan)
		}
	}
}

func (f *Fleet) start(ctx context.Context, plan Plan) *running {
	ctx, stop := context.WithCancel(ctx)
	r := &running{fingerprint: plan.Fingerprint, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		f.keep(ctx, plan)
	}()
	return r
}

// keep has a stream run until ctx ends.
func (f *Fleet) keep(ctx context.Context, plan Plan) {
	for tries := 0; ctx.Err() == nil; tries++ {
		stream, release, err := plan.Open(ctx)
		if err == nil {
			tries = 0
			err = stream.Run(ctx)
			release()
		}
		if ctx.Err() != nil {
			return
		}
		pause := reopenDelay(tries)
		f.Log.Warn().Err(err).Str("stream", plan.Name).Dur("again_in", pause).Msg("stream not running")
		if wait(ctx, pause) != nil {
			return
		}
	}
}

// reopenDelay doubles, and spreads by half so that a fleet does not come back in step.
func reopenDelay(tries int) time.Duration {
	full := lastReopen
	if tries < 6 {
		full = min(firstReopen<<tries, lastReopen)
	}
	return full/2 + rand.N(full/2) //nolint:gosec // spreads load, guards nothing
}

func (f *Fleet) meetOften(ctx context.Context) {
	for wait(ctx, max(f.Lease/looksInALease, firstDelay)) == nil {
		f.meet(ctx)
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if err := f.Members.Leave(leaving); err != nil {
		f.Log.Debug().Err(err).Msg("the other replicas were not told of the end")
	}
}

// meet learns who shares the streams. While the store cannot say, the shares stay as they were: so do the streams.
func (f *Fleet) meet(ctx context.Context) {
	all, err := f.Members.Meet(ctx, f.Shares.Able())
	if err != nil {
		f.Log.Debug().Err(err).Msg("the other replicas are not seen")
		return
	}
	f.Shares.Meet(all)
}
