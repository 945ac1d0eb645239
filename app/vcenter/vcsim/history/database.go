package history

import (
	"slices"
	"sync"
	"time"
)

// Database is the event history of one vCenter. It is safe for concurrent use. Clock, Hidden, Burst.Identity and
// Burst.Notice are called while it is locked, so they must not call it; Filter.Match is not.
type Database struct {
	options Options

	mu        sync.Mutex
	records   []record // the log: every row ever committed, by commit
	sequence  *index   // what collectors read
	byKey     *index   // the same, or made when somebody asks for it
	nextKey   int32
	marks     []mark
	incidents []incident // the first one is none
	newest    int        // of the rows that are stored; -1: there is none
	stored    int
	restores  int
	bursts    bursts
	changed   chan struct{} // nil: nobody waits
}

// New returns an empty database.
func New(options Options) *Database {
	options = options.withDefaults()
	d := &Database{
		options: options, sequence: newIndex(options.Order), nextKey: options.FirstKey,
		incidents: make([]incident, 1), newest: -1,
	}
	if options.Order == ByKey {
		d.byKey = d.sequence
	}
	d.bursts.set(options.Burst)
	return d
}

// Commit adds an event that is created now. The row says so if the burst filter has kept it out.
func (d *Database) Commit(body any) Row {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	return d.post(body, now, now)
}

// CommitAt adds an event now that says it was created at another time, as a host that was away reports it.
func (d *Database) CommitAt(body any, created time.Time) Row {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.post(body, created.UnixMicro(), d.now())
}

// Import adds an event as if it had been committed at that time: the history before the start. It passes by the burst
// filter.
func (d *Database) Import(body any, at time.Time) Row {
	d.mu.Lock()
	defer d.mu.Unlock()
	created := at.UnixMicro()
	return d.append(record{body: body, created: created, committed: created, key: d.allot()})
}

// Grow makes room for n more rows.
func (d *Database) Grow(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records = slices.Grow(d.records, n)
	d.sequence.rows = slices.Grow(d.sequence.rows, n)
}

// SetNextKey lets the counter jump: the next row gets this key.
func (d *Database) SetNextKey(key int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nextKey = key
	d.mark(d.now())
}

// Hide replaces what the account may not see; nil: it may see everything. The answer for a row must not change until
// Hide is called again.
func (d *Database) Hide(rows func(*Row) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.options.Hidden = rows
	for i := range d.records {
		d.records[i].hide(rows, uint32(i))
	}
	d.signal()
}

// Len is the number of rows that are stored, hidden ones included.
func (d *Database) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stored
}

// Changes returns a channel that is closed by the next change: a commit, a purge, a restore, another permission.
func (d *Database) Changes() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changed == nil {
		d.changed = make(chan struct{})
	}
	return d.changed
}

func (d *Database) signal() {
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

func (d *Database) now() int64 { return d.options.Clock().UnixMicro() }

// allot gives out the next key.
func (d *Database) allot() int32 {
	key := d.nextKey
	d.nextKey = d.options.after(key)
	return key
}

// post sends an event through the burst filter and adds it.
func (d *Database) post(body any, created, now int64) Row {
	d.settle(now)
	suppressed := d.compress(body, now)
	return d.append(record{body: body, created: created, committed: now, key: d.allot(), flags: suppressed})
}

func (d *Database) append(r record) Row {
	number := uint32(len(d.records)) //nolint:gosec // 2^32 rows of 48 bytes do not fit into memory
	r.chain = r.key
	r.hide(d.options.Hidden, number)
	d.records = append(d.records, r)
	if r.stored() {
		d.stored++
		d.newest = int(number)
	}
	if d.readable(&r) {
		d.sequence.insert(d.records, number)
		if d.byKey != nil && d.byKey != d.sequence {
			d.byKey.insert(d.records, number)
		}
	}
	d.signal()
	return r.row(number)
}

// readable tells whether some cursor may come across the row.
func (d *Database) readable(r *record) bool {
	return r.incident == 0 && (!r.is(compressed) || d.bursts.Live)
}
