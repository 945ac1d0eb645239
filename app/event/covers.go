package event

import "time"

// mostAhead is how much later a first start may be than another, to be given what was created since the other and leave it out.
const mostAhead = Overlap / 2

// startMatters is how long a stream may yet want what was created before the first start of another: vCenter's clock may go back.
const startMatters = 24 * time.Hour

// mostClockStep is how far two looks at vCenter's clock may differ while it goes right.
const mostClockStep = time.Second

// Covers tells whether a stream at p misses nothing when it is given what a reader brings that stands at other: both are at the
// same place of history, and p has done all that other has. What p has done beyond that it comes across again. Both have to be
// settled. Where the truth cannot be told from the two it is false.
func (p *Position) Covers(other *Position) bool {
	ahead := p.Settled.Sub(other.Settled)
	return p.Epoch == other.Epoch && p.Key == other.Key && p.Low.Equal(other.Low) && // the same place
		ahead >= -FilterPrecision && // what other has done since p was settled it has not forgotten
		(ahead <= mostAhead || !p.Low.IsZero()) &&
		(p.Low.IsZero() || !p.needed().After(other.Settled.Add(FilterPrecision))) && // what p may have forgotten comes no more
		!other.Start.After(later(p.Start, p.Settled.Add(-startMatters))) && // what other does not want is nothing that p may yet want
		p.sameClock(other) &&
		p.Recent.covers(&other.Recent, later(p.needed(), p.Start).UnixMicro())
}

// sameClock tells whether vCenter's clock went right between two looks at it: one that steps shows times again that were settled.
func (p *Position) sameClock(other *Position) bool {
	return p.Clock.Ours.IsZero() || other.Clock.Step(p.Clock).Abs() <= mostClockStep
}

// Newest is the latest time at which an event was created that p counts as done, as far as it remembers.
func (p *Position) Newest() time.Time { return later(p.Start, p.Recent.newest()) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// covers tells whether r holds all of other but for what is older than micros, which r may have forgotten. It is false where the
// counter of keys has started anew among what either remembers.
func (r *Recent) covers(other *Recent, micros int64) bool {
	if len(r.epochs) > 1 || len(other.epochs) > 1 {
		return false
	}
	for at, theirs := range other.current() {
		ours := r.current()[at]
		if theirs.latest >= micros && (theirs.keys&^ours.keys != 0 || theirs.earliest < ours.earliest || theirs.latest > ours.latest) {
			return false
		}
	}
	return true
}

func (r *Recent) newest() time.Time {
	var newest time.Time
	for _, blocks := range r.epochs {
		for _, b := range blocks {
			newest = later(newest, time.UnixMicro(b.latest))
		}
	}
	return newest
}
