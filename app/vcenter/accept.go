package vcenter

import (
	"fmt"
	"math"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// accept turns items into the events that were not seen yet, and counts them as seen. In the place of what cannot be
// delivered stands an announcement: nothing is left out in silence. A scan decides which of its events are its own.
func (r *Reader) accept(items []Item, s *scan) ([]event.Event, error) {
	events := make([]event.Event, 0, len(items))
	for i := range items {
		if hasHeader(&items[i]) {
			if stretch := r.unprovenBefore(&items[i], s); stretch != nil {
				stalled, err := r.announce(*stretch)
				if err != nil {
					return nil, err
				}
				events = append(events, stalled)
			}
		}
		if s != nil && !s.wants(r, &items[i]) {
			continue
		}
		more, err := r.acceptOne(items, i, s)
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
	}
	return events, nil
}

func (r *Reader) acceptOne(items []Item, i int, s *scan) ([]event.Event, error) {
	item := &items[i]
	if item.Err != nil {
		return r.unreadable(items, i, s)
	}
	if r.seen.Done(item.Key, item.Created) || s == nil && r.byKey && item.Created.Before(r.feedBegin) {
		r.anchor.met(item, true)
		r.remember(item)
		return nil, nil
	}
	e := r.source.convert(item)
	e.Late = s.marksLate() || r.fromBefore(item) || item.Key-r.top < 0 && !item.Created.After(r.reach)
	r.raise(item)
	var events []event.Event
	if !e.Late {
		announcements, err := r.announceBefore(item)
		if err != nil {
			return nil, err
		}
		events = announcements
		r.anchor.met(item, false)
		r.remember(item)
		r.opened = item.Created // a restore ends the session, so it is told by the first event
		if r.reach.IsZero() {   // the very first event
			r.top = item.Key
		}
		r.reach = later(r.reach, item.Created)
	}
	r.seen.Advance(&e)
	if e.TypeID == BurstCompressed { // told before, so that no position lies between the two
		compressed, err := r.announceCompressed(&e)
		if err != nil {
			return nil, err
		}
		events = append(events, compressed)
	}
	return append(events, e), nil
}

// fromBefore tells whether an event comes after keys have started anew and is from before.
func (r *Reader) fromBefore(item *Item) bool {
	return item.Key > math.MaxInt32-event.NearWrap && 0 <= r.top && r.top < event.NearWrap && !item.Created.After(r.reach)
}

// raise notes the key of an event that is handed out, by the feed or before it by a sweep: one with a lower key that follows
// was overtaken.
func (r *Reader) raise(item *Item) {
	if item.Key-r.top > 0 && !r.fromBefore(item) {
		r.top = item.Key
	}
}

func (r *Reader) remember(item *Item) { r.last.FromKey, r.last.From = item.Key, item.Created }

// announceBefore tells of what an event shows to be missing before it. The key that it begins at is that of the stored
// position, so that after a crash it is told with the same id.
func (r *Reader) announceBefore(item *Item) ([]event.Event, error) {
	here := event.Gap{FromKey: r.seen.Key, From: r.last.From, ToKey: item.Key, To: item.Created}
	var gaps []event.Gap
	rewound, wrapped := r.seen.Rewound(item.Key, item.Created)
	if rewound && !wrapped && !item.Created.After(r.twice) { // a lower key at a later time says nothing there
		rewound = r.seen.Reused(item.Key, item.Created)
	}
	if rewound {
		r.top, r.young = item.Key, true // what the feed brings may lie before what it has brought
	}
	switch {
	case wrapped:
		here.Kind, here.Reason = event.KindRewound, "vCenter's counter of event keys has reached its end and started anew"
		gaps = append(gaps, here)
	case rewound:
		gap := r.sinceSettled(here, r.opened)
		gap.Kind, gap.Reason = event.KindRewound, "vCenter uses event keys again: its database was restored from a backup; "+
			"events that it had stored after the backup and that were not relayed are gone"
		gaps = append(gaps, gap)
	}
	if hole := r.anchor.hole(r, item, rewound, wrapped); hole != nil {
		gaps = append(gaps, *hole)
	}
	var events []event.Event
	for _, gap := range gaps {
		announcement, err := r.announce(gap)
		if err != nil {
			return nil, err
		}
		r.seen.Advance(&announcement)
		events = append(events, announcement)
	}
	return events, nil
}

// sinceSettled begins a gap at the time until which history was settled: events may have become visible late from there on,
// and be gone before a sweep found them. Its key stays: it is a part of the id, and the settled time that is stored may be an
// older one.
func (r *Reader) sinceSettled(gap event.Gap, settled time.Time) event.Gap {
	if settled.Before(gap.From) {
		gap.From = settled
	}
	return gap
}

// unreadable announces an event that could not be read. One that says which it is makes a stretch of its own, so that another
// one behind the same good event does not pass for it.
func (r *Reader) unreadable(items []Item, i int, s *scan) ([]event.Event, error) {
	item := &items[i]
	var gap event.Gap
	if hasHeader(item) {
		if r.seen.Done(item.Key, item.Created) {
			return nil, nil
		}
		gap.FromKey, gap.Key, gap.ToKey = item.Key-1, item.Key, item.Key+1
		gap.From, gap.Created, gap.To = item.Created, item.Created, item.Created
	} else {
		between, told := r.between(items, i, s)
		if told {
			return nil, nil
		}
		gap, r.vague = between, true
	}
	gap.Reason, gap.Count = "an event could not be read: "+item.Err.Error(), 1
	announcement, err := r.announce(gap)
	if err != nil {
		return nil, err
	}
	r.seen.Advance(&announcement)
	return []event.Event{announcement}, nil
}

// between is the stretch of an event that does not say which one it is: it stands between the good ones around it. Where
// that need not be an order by time, it may have come late, and nothing but that says when it was created.
func (r *Reader) between(items []Item, i int, s *scan) (gap event.Gap, told bool) {
	before, after := r.lastBefore(s), neighbour(items[i+1:], 0, 1)
	if read := neighbour(items[:i], i-1, -1); read != nil {
		before = Mark{Key: read.Key, Created: read.Created}
	}
	gap.FromKey, gap.From = before.Key, before.Created
	if after != nil && !after.Created.Before(gap.From) {
		gap.ToKey, gap.To = after.Key, after.Created
	}
	if !r.byKey || s != nil {
		gap.From, gap.To = r.seen.Settled.Add(-event.Overlap-event.FilterPrecision), time.Time{}
	}
	return gap, !r.tellOnce(r.placeOf(before, after, items[:i]))
}

// lastBefore is the event that was read before a page of the feed, or of a scan.
func (r *Reader) lastBefore(s *scan) Mark {
	switch {
	case s == nil && r.byKey && r.at-r.last.FromKey < 0: // a feed that resumes begins before what was read last
		return Mark{Key: r.at, Created: r.feedBegin}
	case s == nil:
		return Mark{Key: r.last.FromKey, Created: r.last.From}
	case s.times != nil:
		return s.times.before
	default:
		return Mark{}
	}
}

// placeOf tells events apart that do not say which one they are: how many of them stand behind which event.
func (r *Reader) placeOf(before Mark, after *Item, page []Item) string {
	n := 0
	for n < len(page) && !hasHeader(&page[len(page)-1-n]) {
		n++
	}
	switch {
	case before != Mark{}:
		return fmt.Sprint(before, n)
	case after != nil:
		return fmt.Sprint(after.Key, after.Created, -n)
	default:
		return fmt.Sprint(r.seen.Settled, n)
	}
}

// tellOnce reports whether a place is to be announced: it was not, by this reader. What is read again after another start is
// told again.
func (r *Reader) tellOnce(place string) bool {
	if r.told[place] {
		return false
	}
	if r.told == nil || len(r.told) >= mostTold {
		r.told = make(map[string]bool)
	}
	r.told[place] = true
	return true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// neighbour is the first item from one on that could be read; nil for none.
func neighbour(items []Item, from, step int) *Item {
	for i := from; i >= 0 && i < len(items); i += step {
		if items[i].Err == nil {
			return &items[i]
		}
	}
	return nil
}

// hasHeader tells whether an event says which one it is. One that cannot be read may not.
func hasHeader(item *Item) bool { return item.Err == nil || item.Key != 0 && !item.Created.IsZero() }

// LastKey is the key after which a page by keys that was asked for after a key is followed by the next: that of the last
// item that says its key. Where none does it is the next one, so that reading goes on whatever comes.
func LastKey(items []Item, after int32) int32 {
	for i := len(items) - 1; i >= 0; i-- {
		if hasHeader(&items[i]) {
			return items[i].Key
		}
	}
	return after + 1
}

func (r *Reader) announce(gap event.Gap) (event.Event, error) {
	r.source.log.Warn().Str("vcenter", r.source.name).Str("kind", string(gap.Kind)).Int32("from_key", gap.FromKey).Int32("to_key", gap.ToKey).
		Time("from", gap.From).Time("to", gap.To).Msg(gap.Reason)
	return gap.Announce(r.source.origin)
}

func (s *Source) convert(read *Item) event.Event {
	return event.Event{
		Origin:   s.origin,
		Key:      read.Key,
		Created:  read.Created,
		Class:    read.Class,
		TypeID:   read.TypeID,
		Entity:   read.Entity(),
		Severity: read.Severity,
		Data:     read.Data,
	}
}
