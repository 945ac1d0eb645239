package judge

import (
	"slices"
	"time"
)

// mostUnsure is how many rows of a day may be left behind in announced holes, where nobody can tell. A reader that does not
// look leaves thousands.
const mostUnsure = 25

const endless = time.Duration(1<<63 - 1)

// completeness applies Complete and Prompt.
func (t *trial) completeness() {
	trouble := merged(t.record.Trouble)
	for i := range t.rows {
		r, s := &t.record.Rows[i], &t.rows[i]
		if r.Absent || r.Hidden || r.Unstored || r.Created < t.start {
			continue
		}
		t.verdict.Rows++
		deadline := due(trouble, r.Visible)
		readable := r.Fate == Stored || r.Ended > deadline
		switch {
		case s.accepted && s.place > 0:
			t.verdict.MaxLag = max(t.verdict.MaxLag, s.taken-r.Visible)
			if readable && s.taken > deadline {
				t.find("Prompt", s.taken, "%s came late: it was due at %v", t.describe(i), deadline)
			}
		case (r.Broken || !readable) && t.covered(i, endless): // also where another announcement says that it may be left behind
		case t.unsure(i, endless):
			t.verdict.Unsure++
		case !r.Broken && readable:
			t.lost(i, "was never published, although it could be read until %v and was due at %v", until(r), deadline)
		case r.Fate == Erased && !t.evidence(r):
		default:
			t.lost(i, "was neither published nor announced")
		}
	}
	if t.verdict.Unsure > mostUnsure {
		t.find("Complete", 0, "%d rows were left behind in announced holes", t.verdict.Unsure)
	}
}

func (t *trial) lost(i int, format string, arguments ...any) {
	t.verdict.Lost++
	t.find("Complete", t.record.Rows[i].Visible, "%s "+format, append([]any{t.describe(i)}, arguments...)...)
}

func until(r *Row) any {
	if r.Fate == Stored {
		return "the end"
	}
	return r.Ended
}

// evidence tells whether the relay could know of a restore: of what it had acknowledged, something was erased. Else
// history goes on for it as if nothing had been there.
func (t *trial) evidence(erased *Row) bool {
	for i := range t.rows {
		r := &t.record.Rows[i]
		if r.Fate == Erased && r.Ended == erased.Ended && t.rows[i].accepted && t.rows[i].taken < r.Ended {
			return true
		}
	}
	return false
}

// due is the end of the first time without trouble that is as long as Patience, from a moment on.
func due(trouble []Span, from time.Duration) time.Duration {
	first, _ := slices.BinarySearchFunc(trouble, from, func(s Span, at time.Duration) int {
		if s.End <= at {
			return -1
		}
		return 1
	})
	for _, s := range trouble[first:] {
		if s.Begin >= from+Patience {
			break
		}
		from = max(from, s.End)
	}
	return from + Patience
}

// merged sorts spans and joins those that touch.
func merged(spans []Span) []Span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b Span) int { return int(a.Begin - b.Begin) })
	var out []Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Begin <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}
