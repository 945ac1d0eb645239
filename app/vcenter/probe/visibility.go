package probe

import (
	"context"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

const (
	recently  = 10 * time.Minute
	briefly   = 30 * time.Second
	tick      = 500 * time.Millisecond // between two looks for something new
	patience  = 20                     // ticks, for an event that latestEvent shows and that cannot be read yet
	mostPages = 20                     // of 1000, for what is to be read to its end
)

// visibility reads the last minutes until a page is empty, or the last seconds if that is too much to read, and looks
// whether latestEvent was among what was read. Where the account may not see some events, pages are said to stay empty
// although there is more.
func (p *probe) visibility(ctx context.Context) error {
	p.report.Visibility = &Visibility{Verdict: SeenUnknown}
	for _, window := range []time.Duration{recently, briefly} {
		if ended, err := p.lookBack(ctx, window); ended || err != nil {
			return err
		}
	}
	return nil
}

// lookBack returns false if there was too much to read.
func (p *probe) lookBack(ctx context.Context, window time.Duration) (ended bool, err error) {
	begin := p.now().Add(-window)
	c, err := p.openFrom(ctx, begin)
	if err != nil {
		return false, err
	}
	defer c.close(ctx)
	p.order.begin()
	v := p.report.Visibility
	seen := map[int32]bool{}
	ended, err = p.readOn(ctx, c, seen)
	v.Events = len(seen)
	if err != nil || !ended {
		return false, err
	}
	latest, found, err := p.latest(ctx)
	switch {
	case err != nil || !found:
		return true, err
	case latest.Created.Before(begin):
		v.Verdict = SeenAll // nothing has happened since
		return true, nil
	}
	return true, p.await(ctx, c, latest, seen)
}

// await reads on until the event that latestEvent showed has come.
func (p *probe) await(ctx context.Context, c *collector, latest vcenter.Mark, seen map[int32]bool) error {
	v, since := p.report.Visibility, time.Now()
	for first := true; ; first = false {
		waited := time.Since(since)
		if seen[latest.Key] {
			v.Verdict = SeenAll
			if !first {
				v.Verdict = SeenLater
				v.WaitedMs = new(milliseconds(waited))
			}
			return nil
		}
		if waited >= patience*p.options.tick {
			v.Verdict = SeenNot
			v.WaitedMs = new(milliseconds(waited))
			return nil
		}
		if !first && !wait(ctx, p.options.tick) {
			return ctx.Err()
		}
		if _, err := p.readOn(ctx, c, seen); err != nil {
			return err
		}
		v.Events = len(seen)
	}
}

// readOn reads until a page is empty, and returns false if it gave up before.
func (p *probe) readOn(ctx context.Context, c *collector, seen map[int32]bool) (ended bool, err error) {
	for range mostPages {
		page, err := c.next(ctx, largePage)
		if err != nil {
			return false, err
		}
		if page.empty() {
			return true, nil
		}
		p.took(page)
		p.keep(page.events)
		for _, h := range page.events {
			seen[h.Key] = true
		}
	}
	return false, nil
}
