package judge

import (
	"slices"
	"strings"
	"time"
)

// walk goes through what happened, in order: the rules SameId, DupBound and NeverAhead.
func (t *trial) walk() {
	t.attempts = make(map[int]*attempt)
	t.taken, t.told = make(map[string]int), make(map[string]int)
	t.processes = make(map[int]*process)
	for i := range t.rows {
		t.next = append(t.next, i)
	}
	slices.SortStableFunc(t.next, func(a, b int) int {
		return int(t.record.Rows[a].Visible - t.record.Rows[b].Visible)
	})
	for i := range t.record.Steps {
		step := &t.record.Steps[i]
		switch step.Act {
		case Acquired:
			for _, other := range t.processes {
				other.replaced = true
			}
			t.processes[step.Process] = &process{unsaved: make(map[int]bool)}
		case Taken:
			t.take(step)
		case Accepted:
			t.accept(step)
		case Refused:
			if p := t.processes[step.Process]; p != nil {
				p.refused = true
			}
		case Written:
			t.write(step)
		}
	}
}

func (t *trial) take(step *Step) {
	if !t.started {
		t.find("NeverAhead", step.At, "%s was published before the start position was stored", step.Delivery.ID)
		t.started = true // say it once
	}
	a := t.attempts[step.Attempt]
	if a == nil {
		a = &attempt{process: step.Process}
		t.attempts[step.Attempt] = a
	}
	if strings.HasPrefix(step.Delivery.Type, "com.vcrelay.") {
		t.takeNotice(step, a)
		return
	}
	i, known := t.rowOf(&step.Delivery)
	if !known {
		t.find("SameId", step.At, "%s is of no row: %.60q", step.Delivery.ID, step.Delivery.Data)
		return
	}
	r, s := &t.record.Rows[i], &t.rows[i]
	if want := t.id(r); step.Delivery.ID != want {
		t.find("SameId", step.At, "%s came as %s, want %s", t.describe(i), step.Delivery.ID, want)
	}
	if r.Absent || r.Hidden || r.Broken || step.At < r.Visible {
		t.find("SameId", step.At, "%s could not be read and was published", t.describe(i))
	}
	a.rows = append(a.rows, i)
	if s.place == 0 {
		t.sequence++
		s.taken, s.place, s.late, s.process = step.At, t.sequence, step.Delivery.Late, step.Process
		if p := t.processes[step.Process]; p != nil {
			s.stray = p.replaced
		}
	} else {
		t.verdict.Duplicates++
		t.again(step, i, s)
	}
	s.attempt, s.again, s.by = step.Attempt, step.Process, append(s.by, step.Process)
}

// again judges a row that was taken once more.
func (t *trial) again(step *Step, i int, s *state) {
	before, now := t.attempts[s.attempt], t.processes[step.Process]
	switch {
	case !before.accepted: // the target said no, or nothing
	case now != nil && now.refused && slices.Contains(s.by, step.Process): // it asks whether the target takes anything
	case before.process != step.Process && !s.saved, t.shownTwice(&t.record.Rows[i], step.At):
	case before.process != step.Process && now != nil && now.replaced && now.strays < t.record.Batch:
		now.strays++ // it has yet to find out that another process owns the stream
	case before.process != step.Process:
		t.find("DupBound", step.At, "%s was taken again although its acknowledgement was stored", t.describe(i))
	default:
		t.find("DupBound", step.At, "%s was taken again by the same process although the target had said yes", t.describe(i))
	}
}

// shownTwice tells whether vCenter's clock was set back past a row, by more than the relay remembers what is done: then it
// reads again what was created meanwhile, and before, since history is settled minutes behind.
func (t *trial) shownTwice(r *Row, at time.Duration) bool {
	for i := 1; i < len(t.record.Clock); i++ {
		clock := t.record.Clock[i]
		back := t.record.Clock[i-1].Ahead - clock.Ahead
		if clock.At <= at && back > overlap && clock.Shows-2*Patience.Microseconds() <= r.Created && r.Created <= clock.Shows+back.Microseconds() {
			return true
		}
	}
	return false
}

func (t *trial) accept(step *Step) {
	a := t.attempts[step.Attempt]
	if a == nil || len(a.rows)+len(a.notices) != step.Events {
		t.find("Complete", step.At, "attempt %d was accepted without all of its events", step.Attempt)
		return
	}
	a.accepted = true
	p := t.processes[a.process]
	if p != nil {
		p.refused = false
	}
	for _, i := range a.rows {
		t.rows[i].accepted = true
		if p != nil && !t.rows[i].saved {
			p.unsaved[i] = true
		}
	}
	if p != nil && len(p.unsaved) > t.record.Batch {
		t.find("DupBound", step.At, "process %d has %d events acknowledged that it has not stored", a.process, len(p.unsaved))
	}
	for _, n := range a.notices {
		t.announced[n].accepted = true
	}
}

// write judges a position that was stored.
func (t *trial) write(step *Step) {
	p, err := readPosition(step.Position)
	if err != nil {
		t.find("NeverAhead", step.At, "a position was stored that cannot be read: %v", err)
		return
	}
	if !t.started {
		t.started, t.start = true, -1<<63
		if !p.Start.IsZero() {
			t.start = p.Start.UnixMicro()
		}
	}
	if process := t.processes[step.Process]; process != nil {
		for i := range process.unsaved {
			if p.skips(&t.record.Rows[i]) {
				t.rows[i].saved = true
				delete(process.unsaved, i)
			}
		}
	}
	for _, clock := range t.record.Clock {
		if clock.At <= step.At {
			p.back = p.clockBack(clock.Ahead)
		}
	}
	t.behind(step, p)
}

// behind looks for rows that the position leaves behind.
func (t *trial) behind(step *Step, p *position) {
	for len(t.next) > 0 && t.record.Rows[t.next[0]].Visible <= step.At {
		t.open = append(t.open, t.next[0])
		t.next = t.next[1:]
	}
	t.open = slices.DeleteFunc(t.open, func(i int) bool { return t.settled(i, step.At) })
	for _, i := range t.open {
		if p.skips(&t.record.Rows[i]) {
			t.find("NeverAhead", step.At, "a position was stored that leaves %s behind, which was not acknowledged", t.describe(i))
			t.rows[i].accepted = true // say it once
		}
	}
}

// settled tells whether nothing is to be done about a row any more.
func (t *trial) settled(i int, at time.Duration) bool {
	r := &t.record.Rows[i]
	switch {
	case t.rows[i].accepted, r.Absent, r.Hidden, r.Unstored, t.started && r.Created < t.start:
		return true
	case r.Fate != Stored && r.Ended <= at:
		return true
	default:
		return r.Broken && t.covered(i, at) || t.unsure(i, at)
	}
}
