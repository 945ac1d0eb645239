package history

import (
	"math"
	"slices"
	"sync"
	"time"
)

// Filter says which rows a reader wants.
type Filter struct {
	Begin, End time.Time       // both included; zero: no bound
	Match      func(*Row) bool // must not change the row; nil: all
}

// span is the time of a filter in microseconds, both ends included.
type span struct{ begin, end int64 }

func (d *Database) span(f Filter) span {
	s := span{math.MinInt64, math.MaxInt64}
	if !f.Begin.IsZero() {
		// Rounded up: a row at 1 µs does not lie at or after 1.5 µs.
		s.begin = f.Begin.Truncate(d.options.TimePrecision).Add(time.Microsecond - 1).UnixMicro()
	}
	if !f.End.IsZero() {
		s.end = f.End.Truncate(d.options.TimePrecision).UnixMicro()
	}
	return s
}

func (s span) holds(created int64) bool { return s.begin <= created && created <= s.end }

// Cursor is a place in the history and a filter. It is safe for concurrent use: one page is read at a time.
type Cursor struct {
	database *Database
	index    *index
	span     span
	match    func(*Row) bool

	mu    sync.Mutex
	place place
	born  uint32 // compressed rows from here on are read, if any are
}

// Collector returns a cursor before the oldest row. It needs not be closed.
func (d *Database) Collector(f Filter) *Cursor {
	c := &Cursor{database: d, index: d.sequence, span: d.span(f), match: f.Match}
	c.Rewind()
	return c
}

// Next returns at most limit rows that lie ahead and match, less those of them that are hidden, and moves behind all
// of them and behind what does not match in between.
func (c *Cursor) Next(limit int) []Row { return c.read(limit, forward) }

// Previous returns at most limit rows that lie behind and match, the nearest first, less those of them that are hidden,
// and moves before them.
func (c *Cursor) Previous(limit int) []Row { return c.read(limit, backward) }

// Rewind moves before the oldest row. What was suppressed until now is not read again.
func (c *Cursor) Rewind() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place, c.born = oldest, c.database.length()
}

// End moves behind the newest row.
func (c *Cursor) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place = c.database.end()
}

func (d *Database) length() uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return uint32(len(d.records)) //nolint:gosec // append keeps it below 2^32
}

func (d *Database) end() place {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.sequence.rows); n > 0 {
		return d.sequence.order.behind(d.sequence.place(d.records, d.sequence.rows[n-1]))
	}
	return oldest
}

// direction is how a page is read: how rows are collected, and the place on the far side of the row at a place.
type direction struct {
	collect func(c *Cursor, page []Row, from place, limit int) ([]Row, place, bool)
	beyond  func(Order, place) place
}

var (
	forward  = direction{(*Cursor).ahead, Order.behind}
	backward = direction{(*Cursor).behind, Order.before}
)

// batch is how many rows are looked at under one lock when a filter may refuse most of them.
const batch = 256

// read is Next and Previous.
func (c *Cursor) read(limit int, to direction) []Row {
	c.mu.Lock()
	defer c.mu.Unlock()
	page, at := c.page(limit, to)
	taken := len(page)
	visible := withoutHidden(page)
	if taken > 0 && len(visible) == 0 && c.database.options.StuckInHole {
		return nil
	}
	c.place = at
	return visible
}

// page returns the rows of a page, hidden ones included, and the place beyond it. The filter runs without the lock: it
// may ask an inventory that somebody else has locked in order to commit an event.
func (c *Cursor) page(limit int, to direction) (page []Row, at place) {
	at = c.place
	for more := true; more && len(page) < limit; {
		taken, wanted := len(page), limit-len(page)
		if c.match != nil {
			wanted = batch
		}
		page, at, more = to.collect(c, page, at, wanted)
		if c.match == nil {
			continue
		}
		if page = c.sift(page, taken, limit); len(page) == limit {
			at = to.beyond(c.index.order, c.placeOf(&page[limit-1]))
		}
	}
	return page, at
}

// sift keeps those that match, from a position on, until the page is full.
func (c *Cursor) sift(page []Row, from, limit int) []Row {
	kept := page[:from]
	for i := from; i < len(page) && len(kept) < limit; i++ {
		if c.match(&page[i]) {
			kept = append(kept, page[i])
		}
	}
	return kept
}

func (c *Cursor) placeOf(r *Row) place { return c.index.order.place(r.Created, r.Key, r.number) }

func withoutHidden(page []Row) []Row {
	return slices.DeleteFunc(page, func(r Row) bool { return r.Hidden })
}

// ahead adds rows to the page that lie ahead of a place, and returns the place behind what it has looked at and whether
// there is more.
func (c *Cursor) ahead(page []Row, from place, limit int) ([]Row, place, bool) {
	d := c.database
	d.mu.Lock()
	defer d.mu.Unlock()
	x := c.index
	i, end := max(x.seek(d.records, from), x.since(d.records, c.span.begin)), x.until(d.records, c.span.end)
	page = c.makeRoom(page, min(limit, end-i))
	for ; i < end && limit > 0; i++ {
		from = x.order.behind(x.place(d.records, x.rows[i]))
		if r := &d.records[x.rows[i]]; c.admits(r, x.rows[i]) {
			page = append(page, r.row(x.rows[i]))
			limit--
		}
	}
	return page, from, i < end
}

// behind is the same backwards.
func (c *Cursor) behind(page []Row, from place, limit int) ([]Row, place, bool) {
	d := c.database
	d.mu.Lock()
	defer d.mu.Unlock()
	x := c.index
	i, begin := min(x.seek(d.records, from), x.until(d.records, c.span.end)), x.since(d.records, c.span.begin)
	page = c.makeRoom(page, min(limit, i-begin))
	for ; i > begin && limit > 0; i-- {
		from = x.order.before(x.place(d.records, x.rows[i-1]))
		if r := &d.records[x.rows[i-1]]; c.admits(r, x.rows[i-1]) {
			page = append(page, r.row(x.rows[i-1]))
			limit--
		}
	}
	return page, from, i > begin
}

func (c *Cursor) makeRoom(page []Row, rows int) []Row {
	if rows > 0 {
		return slices.Grow(page, rows)
	}
	return page
}

func (c *Cursor) admits(r *record, number uint32) bool {
	return c.span.holds(r.created) && (!r.is(compressed) || number >= c.born)
}
