package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

// beginTime opens spans around the time of an event that was read, and looks which of them hold it.
func (p *probe) beginTime(ctx context.Context) error {
	event, found := candidate(p.recent)
	if !found {
		return errNothing
	}
	at := event.Created
	b := &BeginTime{Fraction: fmt.Sprintf(".%09d", at.Nanosecond())}
	for _, span := range []struct {
		begin time.Time
		holds *bool
	}{
		{at, &b.Exactly},
		{at.Add(time.Microsecond), &b.Microsecond},
		{at.Add(time.Millisecond), &b.Millisecond},
		{at.Add(time.Second), &b.Second},
		{at.Truncate(time.Second), &b.Truncated},
	} {
		holds, err := p.holds(ctx, span.begin, event)
		if err != nil {
			return err
		}
		*span.holds = holds
	}
	p.report.BeginTime = b
	return nil
}

// candidate is an event whose time is not at the end of a second: a millisecond after it is still the same second. One in
// the middle is rather not at the edge of what vCenter is about to delete or to add.
func candidate(events []head) (vcenter.Mark, bool) {
	for i := range events {
		h := events[(len(events)/2+i)%len(events)]
		if ms := h.Created.Nanosecond() / int(time.Millisecond); ms >= 1 && ms < 990 {
			return h.Mark, true
		}
	}
	if len(events) > 0 {
		return events[len(events)/2].Mark, true
	}
	return vcenter.Mark{}, false
}

// holds tells whether a span that is open to the end holds an event. It stands near the beginning if it is there at all.
func (p *probe) holds(ctx context.Context, begin time.Time, event vcenter.Mark) (bool, error) {
	c, err := p.openFrom(ctx, begin)
	if err != nil {
		return false, err
	}
	defer c.close(ctx)
	for range timed {
		page, err := c.next(ctx, largePage)
		if err != nil || page.empty() {
			return false, err
		}
		past := true // all of the page is later than the event by far
		for _, h := range page.events {
			if h.Key == event.Key && h.Created.Equal(event.Created) {
				return true, nil
			}
			past = past && h.Created.After(event.Created.Add(2*time.Second))
		}
		if past {
			return false, nil
		}
	}
	return false, nil
}
