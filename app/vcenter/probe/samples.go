package probe

import (
	"context"
	"strconv"
	"time"
)

// samples takes pages along, spread over the history so that they show different events.
func (p *probe) samples(ctx context.Context) error {
	if p.report.Oldest == nil {
		return errNothing
	}
	span := p.now().Sub(*p.report.Oldest)
	for i := range p.options.Pages {
		begin := p.report.Oldest.Add(time.Duration(float64(span) * (float64(i) + 0.5) / float64(p.options.Pages)))
		if err := p.sample(ctx, i+1, begin); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) sample(ctx context.Context, number int, begin time.Time) error {
	c, err := p.openFrom(ctx, begin)
	if err != nil {
		return err
	}
	defer c.close(ctx)
	page, err := c.next(ctx, smallPage)
	if err != nil || page.empty() {
		return err
	}
	scrubbed, err := p.scrubber.Page(page.raw)
	if err != nil { // rather no page than one that shows something
		p.report.Failed["page "+strconv.Itoa(number)] = "left out: it could not be taken apart to the last byte"
		return nil
	}
	p.result.Pages = append(p.result.Pages, scrubbed)
	return nil
}
