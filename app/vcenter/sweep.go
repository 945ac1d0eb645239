package vcenter

import (
	"context"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// A sweep reads again what was created since the last one, for events that vCenter made visible after the feed had
// passed their place. A missing key is a sign that there may be some.
const (
	sweepWithGaps = 30 * time.Second
	sweepWithout  = 2 * time.Minute
)

// settledBy is what a page of the feed settles: of what is older than the overlap when it is read, nothing more can turn
// up. It is zero while a sweep has to say so, and when there is nothing new.
func (r *Reader) settledBy(items []Item, asked time.Time) time.Time {
	newest := items[len(items)-1].Created
	if asked.Sub(newest) < event.Overlap {
		r.young = true
	}
	settled := newest.Add(-event.Overlap)
	if r.young || !settled.After(r.seen.Settled) {
		return time.Time{}
	}
	r.seen.Settle(settled)
	return settled
}

func (r *Reader) sweepIfDue(ctx context.Context) error {
	if r.scan != nil || !r.young {
		return nil
	}
	age := time.Since(r.swept)
	if age < sweepWithGaps {
		return nil
	}
	before, gap := r.seen.OpenGap()
	if !gap && age < sweepWithout {
		return nil
	}
	if err := r.tick(ctx); err != nil {
		return err
	}
	s := &scan{purpose: sweeping, asked: r.now}
	if r.byKey {
		if !gap {
			before = r.seen.Key // below it no key is missing, so none can come late
		}
		s.keys = &keys{at: before, end: r.at}
	} else {
		begin := r.begin
		if !r.seen.Settled.IsZero() {
			begin = r.seen.Settled
		}
		s.times = newTimes(begin, r.now, r.newestMark())
	}
	r.scan = s
	return nil
}

// sweptOver ends a sweep that has read all of its span.
func (r *Reader) sweptOver(s *scan) (settled time.Time) {
	r.swept = time.Now()
	settled = s.asked.Add(-event.Overlap)
	r.seen.Settle(settled)
	r.young = r.seen.Low.After(settled)
	return settled
}

// newestMark is what a scan up to now has to come across, to be known as complete.
func (r *Reader) newestMark() Mark {
	newest, _ := r.source.news.last()
	return newest
}
