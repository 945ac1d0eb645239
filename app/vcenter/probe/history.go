package probe

import (
	"context"
	"slices"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

const (
	largePage = 1000 // the most that vCenter gives at once
	smallPage = 100
	timed     = 5 // pages of each size
)

// creation times collectors as different readers make them.
func (p *probe) creation(ctx context.Context) error {
	modern := p.atLeast(8, 0, 3)
	kinds := []struct {
		what    string
		begin   time.Time
		delayed bool
		able    bool
	}{
		{"whole history", time.Time{}, false, true},
		{"whole history, delayedInit", time.Time{}, true, modern},
		{"last 10 minutes", p.now().Add(-recently), false, true},
		{"last 10 minutes, delayedInit", p.now().Add(-recently), true, modern},
	}
	for _, kind := range kinds {
		if !kind.able {
			continue
		}
		c, err := p.session.open(ctx, vcenter.Span{Begin: kind.begin}, kind.delayed)
		if err != nil {
			return err
		}
		c.close(ctx)
		p.report.Creation = append(p.report.Creation, Creation{What: kind.what, Ms: milliseconds(c.took)})
	}
	return nil
}

// history reads from the oldest event on, in pages of either size.
func (p *probe) history(ctx context.Context) error {
	for _, size := range []int32{largePage, smallPage} {
		if err := p.readOldest(ctx, size); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) readOldest(ctx context.Context, size int32) error {
	c, err := p.openFrom(ctx, time.Time{})
	if err != nil {
		return err
	}
	defer c.close(ctx)
	p.order.begin()
	var pages []*page
	defer func() { p.report.addSpeed(size, pages) }()
	for range timed {
		page, err := c.next(ctx, size)
		if err != nil {
			return err
		}
		p.took(page)
		p.keep(page.events)
		if page.empty() {
			return nil
		}
		pages = append(pages, page)
	}
	return nil
}

// keep remembers some events to measure beginTime with: the newest that were read.
func (p *probe) keep(events []head) {
	for _, h := range events {
		if p.report.Oldest == nil || h.Created.Before(*p.report.Oldest) {
			p.report.Oldest = &h.Created
		}
	}
	if len(events) > 0 {
		p.recent = slices.Clone(events[max(0, len(events)-largePage):])
	}
}

// addSpeed sums pages up. The last one came short, if history has ended, and counts only if it is the only one.
func (r *Report) addSpeed(size int32, pages []*page) {
	if n := len(pages); n > 1 && pages[n-1].len() < int(size) {
		pages = pages[:n-1]
	}
	if len(pages) == 0 {
		return
	}
	speed := Speed{PageSize: size, Pages: len(pages)}
	var times []time.Duration
	bytes := 0
	for _, page := range pages {
		times = append(times, page.took)
		speed.Events += page.len()
		bytes += len(page.raw)
		page.raw = nil
	}
	speed.BytesPerEvent = float64(bytes / max(1, speed.Events))
	speed.MedianMs, speed.LeastMs, speed.MostMs = milliseconds(median(times)), milliseconds(times[0]), milliseconds(times[len(times)-1])
	r.Speed = append(r.Speed, speed)
}

// median sorts the times; there is at least one.
func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
