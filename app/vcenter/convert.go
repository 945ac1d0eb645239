package vcenter

import (
	"github.com/vcrelay/vcrelay/app/event"
)

// convert turns a page into events, without those that are done. In the place of one that could not be read stands the
// announcement of a gap: it is never left out in silence.
func (r *Reader) convert(page []item) ([]event.Event, error) {
	events := make([]event.Event, 0, len(page))
	for i := range page {
		if page[i].err != nil {
			gap, err := r.gap(page[i].err, page[i+1:])
			if err != nil {
				return nil, err
			}
			events = append(events, gap)
			continue
		}
		r.last.FromKey, r.last.From = page[i].Key, page[i].Created
		if !r.after.Done(page[i].Key, page[i].Created) {
			events = append(events, r.source.convert(&page[i]))
		}
	}
	return events, nil
}

// gap announces the hole between the event before and the first good one among the rest.
func (r *Reader) gap(reason error, rest []item) (event.Event, error) {
	gap := r.last
	gap.Reason, gap.Count = "an event could not be read: "+reason.Error(), 1
	for i := range rest {
		if rest[i].err == nil {
			gap.ToKey, gap.To = rest[i].Key, rest[i].Created
			break
		}
	}
	r.source.log.Error().Err(reason).Int32("from_key", gap.FromKey).Int32("to_key", gap.ToKey).Msg("event cannot be read, announced as a gap")
	return gap.Announce(r.source.origin)
}

func (s *Source) convert(read *item) event.Event {
	e := event.Event{
		Origin:   s.origin,
		Key:      read.Key,
		Created:  read.Created,
		Class:    read.Class,
		TypeID:   read.TypeID,
		Entity:   read.Entity(),
		Severity: read.Severity,
		Data:     read.Data,
	}
	if e.Severity == "" {
		e.Severity = s.severities[e.Name()]
	}
	return e
}
