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

// settleBy settles what a page of the feed brought when it was older than the overlap already: then nothing more can turn
// up there. Of what is younger a sweep has to say so.
func (r *Reader) settleBy(items []Item, asked moment) {
	newest := items[len(items)-1].Created // zero for one that cannot be read, and settles nothing
	if asked.theirs.Sub(newest) < event.Overlap+r.held() {
		r.young = true
	}
	if settled := newest.Add(-event.Overlap); !r.young && settled.After(r.seen.Settled) {
		r.seen.Settle(settled)
	}
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
	s := &scan{purpose: sweeping, settles: r.now.Add(-event.Overlap - r.held())}
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
		last, err := r.lastThere(ctx)
		if err != nil {
			return err
		}
		s.times = newTimes(begin, r.now, r.newestMark(), last)
	}
	r.scan = s
	return nil
}

// sweptOver ends a sweep that has read all of its span.
func (r *Reader) sweptOver(s *scan) {
	r.swept = time.Now()
	r.young = r.reach.After(s.settles)
	settled := s.settles
	if r.seen.Low.Before(settled) {
		settled = r.seen.Low // the feed may lag behind
	}
	if settled.After(r.seen.Settled) {
		r.seen.Settle(settled)
	}
}

// held is how far settling is held back after vCenter's clock has gone forward: an event that becomes visible a minute late
// is older by the step then.
func (r *Reader) held() time.Duration {
	if time.Since(r.heldAt) > event.Overlap {
		return 0
	}
	return r.hold
}

// newestMark is what a scan up to now has to come across, to be known as complete.
func (r *Reader) newestMark() Mark {
	newest, _ := r.source.news.last()
	return newest.Mark
}

// lastThere is the last event that the feed has brought. A sweep has to come across it too, since the newest may be one that
// came late, before a hole that the feed has passed. Zero when vCenter has purged it, or is not asked for it any more: who looks for
// it reads slices in vain.
func (r *Reader) lastThere(ctx context.Context) (Mark, error) {
	last := Mark{Key: r.seen.Key, Created: r.seen.Low}
	if last.Created.IsZero() || last != r.resumed && r.now.Sub(last.Created) < oldHistory {
		return last, nil
	}
	if found, err := r.has(ctx, last, false); err != nil || !found {
		return Mark{}, err
	}
	return last, nil
}
