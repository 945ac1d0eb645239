package probe

import (
	"context"
	"fmt"
)

// newest is the id that vSphere's documentation gives as the one to read back from.
const newest = 2147480000

// byKey asks for events by their ids, which vSphere can from 9.0 on.
func (p *probe) byKey(ctx context.Context) error {
	if !p.atLeast(9) {
		return nil
	}
	p.report.ByKey = &ByKey{}
	first, err := p.ask(ctx, Query{What: "from the beginning", Start: 0, Forward: true, MaxCount: largePage})
	if err != nil {
		return err
	}
	queries := []Query{
		{What: "a page of 10", Start: 0, Forward: true, MaxCount: 10},
		{What: "a page of 100", Start: 0, Forward: true, MaxCount: smallPage},
		{What: "a page of 5000, which is more than a collector gives", Start: 0, Forward: true, MaxCount: 5000},
		{What: "a page of no size", Start: 0, Forward: true},
		{What: "the newest, backward", Start: newest, MaxCount: smallPage},
		{What: "backward from 0", Start: 0, MaxCount: 10},
	}
	if first.Events > 1 {
		queries = append(queries, Query{What: "after the first key: is it left out", Start: first.First, Forward: true, MaxCount: 10})
	}
	for _, query := range queries {
		if _, err := p.ask(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// ask makes a query and notes it. A fault is an answer as well, unless it concerns the session.
func (p *probe) ask(ctx context.Context, query Query) (Query, error) {
	arguments := "<filter><disableFullMessage>false</disableFullMessage>"
	if query.MaxCount > 0 {
		arguments += fmt.Sprintf("<maxCount>%d</maxCount>", query.MaxCount)
	}
	arguments += fmt.Sprintf(`</filter><eventViewSpec xsi:type="EventManagerViewByStartId">`+
		`<startEventId>%d</startEventId><isForward>%t</isForward></eventViewSpec>`, query.Start, query.Forward)
	page, err := p.session.read(ctx, "QueryEvents", p.session.manager(), arguments)
	query.Fault = faultOf(err)
	switch {
	case query.Fault == "NotAuthenticated", err != nil && query.Fault == "":
		return query, err
	case err == nil:
		query.note(page)
		p.report.NotReadable += page.flawed
	}
	p.report.ByKey.Queries = append(p.report.ByKey.Queries, query)
	return query, nil
}

func (q *Query) note(page *page) {
	q.Ms, q.Events = milliseconds(page.took), len(page.events)
	q.Ascending, q.Descending = q.Events > 1, q.Events > 1
	for i, h := range page.events {
		if i == 0 {
			q.First = h.Key
		} else {
			before := page.events[i-1].Key
			q.Ascending = q.Ascending && h.Key > before
			q.Descending = q.Descending && h.Key < before
		}
		q.Last = h.Key
	}
}
