package judge

import (
	"slices"
	"time"
)

// order applies Ordered. Of two rows of an entity the one whose key was allotted first comes first, unless vCenter's clock
// was set back between them: then there is no order to keep.
func (t *trial) order() {
	entities := make(map[string][]int)
	for i := range t.rows {
		if r := &t.record.Rows[i]; r.Entity != "" && t.rows[i].place > 0 {
			entities[r.Entity] = append(entities[r.Entity], i)
		}
	}
	for _, name := range sortedKeys(entities) {
		t.orderOf(entities[name])
	}
	t.marks()
}

// marks looks for rows that are marked late without a cause. Where vCenter's clock showed the same time twice, a reader
// cannot tell.
func (t *trial) marks() {
	again := make([]bool, len(t.rows)) // a row that was allotted later stands before it, or one that was allotted earlier behind it
	first, last := &Row{Created: 1<<63 - 1}, &Row{Created: -1 << 63}
	for i := range t.rows {
		switch r := &t.record.Rows[i]; {
		case r.Absent:
		case r.before(last):
			again[i] = true
		default:
			last = r
		}
	}
	for i := len(t.rows) - 1; i >= 0; i-- {
		switch r := &t.record.Rows[i]; {
		case r.Absent:
		case first.before(r):
			again[i] = true
		default:
			first = r
		}
	}
	overtaken := t.overtaken()
	for i := range t.rows {
		if r, s := &t.record.Rows[i], &t.rows[i]; s.late && !r.Delayed && !again[i] && !overtaken[i] && !t.unsure(i, endless) && !t.wrapped(i) {
			t.find("Ordered", s.taken, "%s was marked late although vCenter had shown it at once", t.describe(i))
		}
	}
}

// overtaken says of each row whether one that was allotted later had been delivered before it. That is what the mark tells a
// consumer, whatever the cause.
func (t *trial) overtaken() []bool {
	overtaken := make([]bool, len(t.rows))
	earliest := 0 // place of the first delivery among the rows behind; 0: none
	for i := len(t.rows) - 1; i >= 0; i-- {
		place := t.rows[i].place
		overtaken[i] = earliest > 0 && earliest < place
		if place > 0 && (earliest == 0 || place < earliest) {
			earliest = place
		}
	}
	return overtaken
}

// wrapped tells whether the keys began anew between a row and its delivery: who reads by key comes to it last.
func (t *trial) wrapped(i int) bool {
	return slices.ContainsFunc(t.record.Wraps, func(at time.Duration) bool {
		return t.record.Rows[i].Visible <= at && at <= t.rows[i].taken
	})
}

// before tells whether a row stands before another by createdTime and key, which is how most read history.
func (r *Row) before(other *Row) bool {
	return r.Created < other.Created || r.Created == other.Created && r.Key < other.Key
}

// orderOf goes backward through the rows of an entity, in the order of allotment, and keeps the one that was taken first
// of those behind.
func (t *trial) orderOf(rows []int) {
	for at := len(rows) - 1; at > 0; at-- {
		behind := rows[at]
		b := &t.record.Rows[behind]
		// Rows that were taken just before would do, but a look at the few neighbours in time is enough: an inversion
		// between distant rows implies one between neighbours, unless those are marked late.
		for before := at - 1; before >= 0 && at-before <= 64; before-- {
			i := rows[before]
			a, s := &t.record.Rows[i], &t.rows[i]
			if s.late || s.stray || s.place < t.rows[behind].place || b.before(a) || t.unknown(behind, s.process) {
				continue
			}
			t.find("Ordered", s.taken, "%s was published behind %s", t.describe(i), t.describe(behind))
			return
		}
	}
}

// unknown tells whether a process could not know that a row had been published: another one did it and did not store it,
// so that the process brought it once more.
func (t *trial) unknown(i, process int) bool {
	return t.rows[i].process != process && t.rows[i].again == process
}

func sortedKeys(m map[string][]int) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
