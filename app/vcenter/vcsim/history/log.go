package history

import "iter"

// Entry is one row of the log with what has become of it.
type Entry struct {
	Row
	Committed int64 // when it became visible, in microseconds since 1970
	Fate      Fate
	Ended     int64 // when it was purged or erased, in microseconds since 1970; 0 if it is there
}

// Log iterates over every row ever committed until now, whatever has become of it, in commit order after the given
// position; the first row has position 1. It is the truth for those who check what a reader has seen.
func (d *Database) Log(after int) iter.Seq2[int, Entry] {
	return func(yield func(int, Entry) bool) {
		position, end := max(after, 0), d.Logged()
		entries := make([]Entry, 0, batch)
		for position < end {
			entries = d.entries(entries[:0], position, min(end, position+batch))
			for _, entry := range entries {
				position++
				if !yield(position, entry) {
					return
				}
			}
		}
	}
}

// Logged is the number of rows ever committed.
func (d *Database) Logged() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.records)
}

func (d *Database) entries(entries []Entry, from, to int) []Entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := from; i < to; i++ {
		r := &d.records[i]
		ending := d.incidents[r.incident]
		entries = append(entries, Entry{
			Row: r.row(uint32(i)), Committed: r.committed, Fate: ending.fate, Ended: ending.at, //nolint:gosec // small
		})
	}
	return entries
}
