package history

import (
	"errors"
	"math"
)

// ErrNegativeKey says that After was asked for a negative key, which vCenter refuses: such rows are out of its reach.
var ErrNegativeKey = errors.New("the event id to start from is negative")

// After returns at most limit rows with a key greater than the given one in ascending order, or less than it in
// descending order if not upward, less those of them that are hidden. It is what QueryEvents of vSphere 9.0 does with an
// EventManagerViewByStartId; rows with a negative key are never returned.
func (d *Database) After(key int32, upward bool, limit int, f Filter) ([]Row, error) {
	if key < 0 {
		return nil, ErrNegativeKey
	}
	c := &Cursor{database: d, index: d.keys(), span: d.span(f), match: f.Match, born: math.MaxUint32}
	c.place = place{int64(key), math.MaxInt64, math.MaxInt64}
	to := forward
	if !upward {
		to, c.place.minor = backward, math.MinInt64
		c.match = func(r *Row) bool { return r.Key >= 0 && (f.Match == nil || f.Match(r)) }
	}
	page, _ := c.page(limit, to)
	return withoutHidden(page), nil
}

// keys is the index by key.
func (d *Database) keys() *index {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byKey == nil {
		d.byKey = newIndex(ByKey)
		d.byKey.fill(d.records, d.readable)
	}
	return d.byKey
}

// Latest returns the row that was committed last of those that are stored, whatever the order: EventManager.latestEvent.
func (d *Database) Latest() (Row, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := d.newest; i >= 0; i-- {
		if r := &d.records[i]; r.stored() && (d.options.LatestHidden || !r.is(hidden)) {
			return r.row(uint32(i)), true //nolint:gosec // append keeps the log below 2^32
		}
	}
	return Row{}, false
}
