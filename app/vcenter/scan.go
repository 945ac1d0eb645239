package vcenter

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// scan reads a stretch of history beside the feed. It has either times or keys.
type scan struct {
	purpose purpose
	settles time.Time // until when a sweep settles history
	times   *times
	keys    *keys
}

type purpose int

const (
	sweeping purpose = iota // for events that became visible late
	passing                 // behind a hole that the feed cannot pass
)

func (s *scan) marksLate() bool { return s != nil && s.purpose == sweeping }

// wants leaves to the feed what lies ahead of it.
func (s *scan) wants(r *Reader, item *Item) bool {
	switch {
	case s.purpose == passing, !hasHeader(item):
		return true
	case s.keys != nil:
		return item.Key-s.keys.end <= 0
	default:
		return item.Created.Before(r.seen.Low) || item.Key-r.top < 0 && !item.Created.After(r.reach)
	}
}

// unprovenBefore announces a stretch before an event in which others that the account may see could be left behind: slices of
// time have passed it, and it has more keys that were not read than a page. Nil when there is none, or it was announced already.
func (r *Reader) unprovenBefore(item *Item, s *scan) *event.Gap {
	from := Mark{Key: r.last.FromKey, Created: r.last.From}
	switch {
	case s == nil:
		sliced := r.unproven
		r.unproven = false
		if !sliced {
			return nil
		}
	case s.times == nil:
		return nil
	default:
		from, s.times.before = s.times.before, Mark{Key: item.Key, Created: item.Created}
		if s.times.parts == nil {
			return nil
		}
	}
	// A slice may begin behind what was read before.
	if from.Created.IsZero() || item.Key-from.Key <= PageSize || r.unreadKeys(from.Key, item) < PageSize {
		return nil
	}
	gap := event.Gap{
		Kind: event.KindStalled, Reason: "vCenter showed no events for a while although it had newer ones: the account may not see many of them; " +
			"those behind were found by slices of time, and some may be left behind",
		FromKey: from.Key, From: from.Created, ToKey: item.Key, To: item.Created,
	}
	if !r.tellOnce(fmt.Sprint(gap.FromKey, gap.ToKey)) {
		return nil
	}
	return &gap
}

// unreadKeys counts the keys between one and an event that were not read: neighbours in vCenter's order need not have
// neighbouring keys. Where the event shows that keys are used again, none of them was.
func (r *Reader) unreadKeys(after int32, item *Item) int {
	if rewound, _ := r.seen.Rewound(item.Key, item.Created); rewound {
		return int(item.Key-after) - 1
	}
	return r.seen.Missing(after, item.Key)
}

// scanOn reads the next page of the scan, and ends it after the last.
func (r *Reader) scanOn(ctx context.Context) ([]event.Event, error) {
	s := r.scan
	var items []Item
	var done bool
	var err error
	if s.keys != nil {
		items, done, err = s.keys.next(ctx, r)
	} else {
		items, done, err = s.times.next(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	events, err := r.accept(items, s)
	if err != nil || !done {
		return events, err
	}
	s.close(ctx)
	r.scan = nil
	if s.purpose == passing {
		return events, r.passed(ctx, s)
	}
	r.sweptOver(s)
	return events, nil
}

func (s *scan) close(ctx context.Context) {
	switch {
	case s.times != nil && s.times.cursor != nil:
		closeCursor(ctx, s.times.cursor)
		s.times.cursor = nil
	case s.keys != nil && s.keys.cursor != nil:
		closeCursor(ctx, s.keys.cursor)
		s.keys.cursor = nil
	}
}

// keys reads up to a key.
type keys struct {
	at, end int32
	cursor  Cursor
}

func (k *keys) next(ctx context.Context, r *Reader) (items []Item, done bool, err error) {
	if k.end-k.at <= 0 {
		return nil, true, nil
	}
	if k.cursor == nil {
		k.cursor = r.session.OpenAfter(k.at)
	}
	items, err = readPage(ctx, k.cursor)
	if err != nil {
		return nil, false, err
	}
	if len(items) > 0 {
		k.at = LastKey(items, k.at)
	} else { // none of the next PageSize keys can be seen
		k.at += PageSize
		closeCursor(ctx, k.cursor)
		k.cursor = nil
	}
	return items, k.end-k.at <= 0, nil
}

const (
	rowsPerSlice = 125 // so that the rows may be spread unevenly, by some eight times, and a slice still fits one page
	maxSlices    = 512
	maxPatience  = 16 // pages
	fineSlice    = 250 * time.Millisecond
	minSlice     = 100 * time.Millisecond
)

// times reads a span of time. vCenter leaves out what the account may not see after it has cut its pages, so a page of
// nothing else is empty, and the cursor may stay there for ever. When an event that has to be met was not, the rest of
// the span is read by slices so short that a page covers each; what a slice has not brought is looked for in its halves.
type times struct {
	span   Span
	expect []Mark // to be met yet
	last   Mark   // the last event that was read
	mixed  bool   // keys and times do not grow together: one came late, or vCenter's clock has gone back
	before Mark   // the one before the event that is accepted next
	cursor Cursor
	found  bool    // by this cursor
	empty  int     // pages one after the other
	parts  []slice // slices of the span; nil when it is read as a whole
}

type slice struct {
	span   Span
	halved bool
}

// newTimes expects nothing that the span cannot hold.
func newTimes(begin, end time.Time, expect ...Mark) *times {
	expect = slices.DeleteFunc(expect, func(mark Mark) bool {
		return mark.Created.IsZero() || mark.Created.Before(begin) || mark.Created.After(end)
	})
	return &times{span: Span{Begin: begin, End: end.Add(event.FilterPrecision)}, expect: expect}
}

func (t *times) met() bool { return len(t.expect) == 0 }

func (t *times) next(ctx context.Context, r *Reader) (items []Item, done bool, err error) {
	if t.cursor == nil {
		span := t.span
		if len(t.parts) > 0 {
			span = t.parts[0].span
		}
		if t.cursor, err = r.openSpan(ctx, span); err != nil {
			t.cursor = nil
			return nil, false, err
		}
		t.found = false
	}
	items, err = readPage(ctx, t.cursor)
	if err != nil {
		return nil, false, err
	}
	for i := range items {
		if !hasHeader(&items[i]) {
			continue
		}
		t.found = true
		t.mixed = t.mixed || !t.last.Created.IsZero() && (items[i].Key-t.last.Key < 0 || items[i].Created.Before(t.last.Created))
		t.last = Mark{Key: items[i].Key, Created: items[i].Created}
		t.expect = slices.DeleteFunc(t.expect, func(mark Mark) bool { return t.last.Key == mark.Key && t.last.Created.Equal(mark.Created) })
	}
	if len(items) > 0 {
		t.empty = 0
		return items, false, nil
	}
	if t.empty++; !t.met() && t.parts == nil && t.empty < t.patience() {
		return nil, false, nil
	}
	closeCursor(ctx, t.cursor)
	t.cursor = nil
	return nil, t.advance(r), nil
}

// patience is how many empty pages are read before the cursor counts as stuck: it may also move on behind a page of
// events that the account cannot see. The keys say how many pages there can be.
func (t *times) patience() int {
	ahead := t.ahead(t.last.Key)/PageSize + 2
	if t.last.Created.IsZero() || ahead < 2 || ahead > maxPatience {
		return maxPatience
	}
	return ahead
}

// ahead is how many keys there are up to the last of the events that have to be met.
func (t *times) ahead(key int32) int {
	most := math.MinInt32
	for _, mark := range t.expect {
		most = max(most, int(mark.Key-key))
	}
	return most
}

// reached is the last event that was read, in this scan or before it. Where keys started anew it says nothing about what was
// created before: a collector that orders by key may have it behind the hole.
func (t *times) reached(r *Reader) (created time.Time, key int32) {
	if t.last.Created.IsZero() || r.seen.BeganAnew() {
		return t.span.Begin, r.seen.Key
	}
	return t.last.Created, t.last.Key
}

// advance moves to the next slice, and reports done after the last.
func (t *times) advance(r *Reader) (done bool) {
	switch {
	case t.parts == nil && (t.met() || t.provenEmpty()):
		return true
	case t.parts == nil:
		t.parts = t.cut(r)
		return len(t.parts) == 0
	}
	current := t.parts[0]
	t.parts = t.parts[1:]
	begin := current.span.Begin
	if t.found && !r.seen.BeganAnew() {
		begin = t.last.Created
	}
	if width := current.span.End.Sub(begin); !current.halved && width > minSlice {
		middle := begin.Add(width / 2)
		t.parts = append([]slice{
			{span: Span{Begin: begin, End: middle}, halved: true},
			{span: Span{Begin: middle, End: current.span.End}, halved: true},
		}, t.parts...)
	}
	return len(t.parts) == 0
}

// provenEmpty tells whether so few keys are left that a page would have shown what the account may see of them. Where keys and
// times do not grow together, what is left may have any key.
func (t *times) provenEmpty() bool {
	return !t.mixed && !t.last.Created.IsZero() && !slices.ContainsFunc(t.expect, func(mark Mark) bool {
		left := mark.Key - t.last.Key
		return left <= 0 || left >= PageSize
	})
}

// cut divides what is left of the span by the number of events that its keys promise, and finer where that costs little. Where
// collectors do not order by time, an event behind the hole may have been created before the last one that was read: late, or
// after vCenter's clock has gone back.
func (t *times) cut(r *Reader) []slice {
	from, key := t.reached(r)
	from = later(t.span.Begin, from.Add(-event.Overlap))
	left := t.span.End.Sub(from)
	n := max(t.ahead(key)/rowsPerSlice+1, int(left/fineSlice))
	if n < 1 || n > maxSlices {
		n = maxSlices
	}
	width := max(left/time.Duration(n), minSlice)
	parts := make([]slice, 0, n)
	for begin := from; begin.Before(t.span.End); begin = begin.Add(width) {
		parts = append(parts, slice{span: Span{Begin: begin, End: minTime(begin.Add(width), t.span.End)}})
	}
	return parts
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
