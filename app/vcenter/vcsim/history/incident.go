package history

import (
	"cmp"
	"slices"
	"time"
)

// Fate is what has become of a row.
type Fate uint8

const (
	// Present rows can be read.
	Present Fate = iota
	// Purged rows have gone with their age.
	Purged
	// Erased rows were committed after the backup that was restored.
	Erased
)

// String is the fate in lower case.
func (f Fate) String() string { return [...]string{"present", "purged", "erased"}[f] }

// incident is a moment at which rows ended.
type incident struct {
	fate Fate
	at   int64
}

// mark is the key counter at a moment for which the log does not tell it: a key was allotted before its row was
// committed, or the counter was set.
type mark struct {
	at   int64
	rows int // rows in the log at that moment
	next int32
}

func (d *Database) mark(now int64) {
	d.marks = append(d.marks, mark{at: now, rows: len(d.records), next: d.nextKey})
}

// incident notes one that happens now and returns its number.
func (d *Database) incident(fate Fate, now int64) uint32 {
	d.incidents = append(d.incidents, incident{fate: fate, at: now})
	return uint32(len(d.incidents) - 1) //nolint:gosec // each is a call
}

// Purge removes the rows that were created before that time, as the clean-up of old events does, and returns how many.
func (d *Database) Purge(before time.Time) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	end := before.UnixMicro()
	return d.purge(slices.DeleteFunc(d.byAge(), func(number uint32) bool { return d.records[number].created >= end }))
}

// PurgeCount removes the n rows that were created first and returns how many there were.
func (d *Database) PurgeCount(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	rows := d.byAge()
	return d.purge(rows[:min(max(n, 0), len(rows))])
}

// byAge lists the rows that are stored, the oldest first.
func (d *Database) byAge() []uint32 {
	rows := slices.DeleteFunc(slices.Clone(d.sequence.rows), func(number uint32) bool { return !d.records[number].stored() })
	if !d.sequence.sorted {
		slices.SortStableFunc(rows, func(a, b uint32) int {
			return cmp.Compare(d.records[a].created, d.records[b].created)
		})
	}
	return rows
}

func (d *Database) purge(rows []uint32) int {
	if len(rows) == 0 {
		return 0
	}
	this := d.incident(Purged, d.now())
	for _, number := range rows {
		d.records[number].incident = this
	}
	d.sequence.drop(d.records)
	if d.byKey != nil && d.byKey != d.sequence {
		d.byKey.drop(d.records)
	}
	d.recount()
	return len(rows)
}

// Restore puts the database back to what it was at that time: later rows vanish, rows purged since are there again, and
// the key counter goes back, so that keys will be given out once more. Transactions under way end. It returns how many
// rows have vanished.
func (d *Database) Restore(to time.Time) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	moment, now := to.UnixMicro(), d.now()
	this, vanished := d.incident(Erased, now), 0
	for i := range d.records {
		r := &d.records[i]
		switch {
		case r.committed <= moment && (r.incident == 0 || d.incidents[r.incident].at > moment):
			r.incident = 0
		case r.incident == 0:
			if r.stored() {
				vanished++
			}
			r.incident = this
		}
	}
	d.nextKey = d.nextKeyAt(moment)
	d.mark(now)
	d.restores++
	d.bursts.forget()
	d.rebuild()
	return vanished
}

// nextKeyAt is the key counter as it was: behind the last key that was allotted until then.
func (d *Database) nextKeyAt(moment int64) int32 {
	next, last := d.options.FirstKey, -1
	for i := len(d.records) - 1; i >= 0; i-- {
		if r := &d.records[i]; r.committed <= moment && !r.is(late) {
			next, last = d.options.after(r.key), i
			break
		}
	}
	for _, m := range slices.Backward(d.marks) {
		if m.rows <= last {
			break
		}
		if m.at <= moment {
			return m.next
		}
	}
	return next
}

func (d *Database) rebuild() {
	d.sequence.fill(d.records, d.readable)
	if d.byKey != nil && d.byKey != d.sequence {
		d.byKey.fill(d.records, d.readable)
	}
	d.recount()
}

// recount finds out anew what is stored.
func (d *Database) recount() {
	d.newest, d.stored = -1, 0
	for i := range d.records {
		if d.records[i].stored() {
			d.newest = i
			d.stored++
		}
	}
	d.signal()
}
