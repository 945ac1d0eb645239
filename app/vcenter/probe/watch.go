package probe

import (
	"context"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

const (
	sweepEvery = 30          // ticks
	settled    = 4           // ticks, for which an event that latestEvent shows may well be unreadable
	overlap    = time.Minute // from where a watch and its sweeps begin to read
	sweepPages = 200         // of 1000
)

// follower reads live with one collector, and now and then with another what the first may have passed by.
type follower struct {
	*probe
	live    *collector
	tracker *tracker
	latest  latestWatch
	swept   time.Time // by vCenter's clock, when the last sweep began
}

// watch follows live. The figures are in the report also when it ends early.
func (p *probe) watch(ctx context.Context) error {
	if p.options.Watch <= 0 {
		return nil
	}
	p.options.Log.Info().Stringer("for", p.options.Watch).Msg("following live; Ctrl-C ends it and keeps what there is")
	begin := p.now().Add(-overlap)
	live, err := p.openFrom(ctx, begin)
	if err != nil {
		return err
	}
	defer live.close(ctx)
	p.order.begin()
	f := &follower{probe: p, live: live, tracker: newTracker(), swept: p.now()}
	if err := f.readLive(ctx); err != nil {
		return err
	}
	f.tracker.live = true
	began := time.Now()
	p.report.Watch = &f.tracker.sum
	defer func() {
		f.tracker.sum.Seconds = time.Since(began).Round(100 * time.Millisecond).Seconds()
		f.latest.sum(&f.tracker.sum, settled*p.options.tick)
	}()
	for time.Since(began) < p.options.Watch {
		if err := f.turn(ctx); err != nil {
			return err
		}
		if !wait(ctx, p.options.tick) {
			return ctx.Err()
		}
	}
	return f.sweep(ctx, begin)
}

// turn looks at latestEvent first and reads then: what latestEvent showed should be in what is read.
func (f *follower) turn(ctx context.Context) error {
	mark, found, err := f.probe.latest(ctx)
	if err != nil {
		return err
	}
	if found {
		f.latest.moved(mark, f.tracker.hasKey(mark.Key), time.Now())
	}
	if err := f.readLive(ctx); err != nil {
		return err
	}
	f.latest.look(f.tracker.hasKey, f.tracker.hasPassed, time.Now())
	if now := f.now(); now.Sub(f.swept) >= sweepEvery*f.options.tick {
		begin := f.swept.Add(-overlap)
		f.swept = now
		return f.sweep(ctx, begin)
	}
	return nil
}

// readLive reads what there is.
func (f *follower) readLive(ctx context.Context) error {
	for range sweepPages {
		page, err := f.live.next(ctx, largePage)
		if err != nil {
			return err
		}
		f.took(page)
		now := f.now()
		for _, h := range page.events {
			f.tracker.read(h.Mark, now)
		}
		if page.empty() {
			return nil
		}
	}
	return nil
}

// sweep reads with a second collector what the first one should have read, and lets the first catch up before it calls
// anything passed by.
func (f *follower) sweep(ctx context.Context, begin time.Time) error {
	c, err := f.openFrom(ctx, begin)
	if err != nil {
		return err
	}
	defer c.close(ctx)
	var unseen []vcenter.Mark
	for range sweepPages {
		page, err := c.next(ctx, largePage)
		if err != nil {
			return err
		}
		for _, h := range page.events {
			if !f.tracker.has(h.Mark) {
				unseen = append(unseen, h.Mark)
			}
		}
		if page.empty() {
			break
		}
	}
	if err := f.readLive(ctx); err != nil {
		return err
	}
	f.tracker.swept(unseen, f.now())
	f.latest.look(f.tracker.hasKey, f.tracker.hasPassed, time.Now())
	return nil
}
