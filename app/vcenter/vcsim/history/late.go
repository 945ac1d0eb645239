package history

// Late is an event whose key and createdTime were allotted before it can be seen: a transaction under way. One that is
// never committed leaves a gap in the keys. It is safe for concurrent use.
type Late struct {
	database *Database
	record   record
	restores int
	done     bool
}

// CommitLate allots the key and the time of an event that becomes visible when its Commit is called. It passes by the
// burst filter.
func (d *Database) CommitLate(body any) *Late {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	d.settle(now)
	key := d.allot()
	d.mark(now)
	return &Late{
		database: d, restores: d.restores,
		record: record{body: body, created: now, key: key, chain: key, flags: late},
	}
}

// Row is the event as it will be seen.
func (l *Late) Row() Row { return l.record.row(0) }

// Commit makes the event visible at its place in the order, behind the cursors that have passed it. It returns false if
// that was done before, or if a restore has ended the transaction.
func (l *Late) Commit() (Row, bool) {
	d := l.database
	d.mu.Lock()
	defer d.mu.Unlock()
	if l.done || l.restores != d.restores {
		return Row{}, false
	}
	l.done = true
	l.record.committed = d.now()
	return d.append(l.record), true
}
