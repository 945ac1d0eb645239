package probe

import (
	"math"
	"slices"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

// order looks at keys and times in the order in which they are read. The zero value is ready.
type order struct {
	sum  Order
	last vcenter.Mark
	keys []int32 // of the reading under way
	back time.Duration
}

// begin begins a reading: what comes next has no neighbour among what came before.
func (o *order) begin() {
	o.end()
	o.sum.Readings++
}

// add takes the next event of the reading.
func (o *order) add(m vcenter.Mark) {
	if o.sum.Events == 0 {
		o.sum.LowestKey, o.sum.LargestKey = math.MaxInt32, math.MinInt32
	}
	o.sum.Events++
	o.sum.LowestKey, o.sum.LargestKey = min(o.sum.LowestKey, m.Key), max(o.sum.LargestKey, m.Key)
	o.sum.TimeDigits = max(o.sum.TimeDigits, digits(m.Created))
	if len(o.keys) > 0 {
		o.compare(m)
	}
	o.last = m
	o.keys = append(o.keys, m.Key)
}

func (o *order) compare(m vcenter.Mark) {
	if m.Key < o.last.Key {
		o.sum.KeysBack++
	}
	switch step := m.Created.Sub(o.last.Created); {
	case step < 0:
		o.sum.TimesBack++
		o.back = max(o.back, -step)
	case step == 0:
		o.sum.SameTime++
	}
}

// end looks for keys that are missing between those of the reading.
func (o *order) end() {
	slices.Sort(o.keys)
	for i := 1; i < len(o.keys); i++ {
		switch gap := int64(o.keys[i]) - int64(o.keys[i-1]) - 1; {
		case gap < 0:
			o.sum.SameKey++
		case gap > 0:
			o.sum.Gaps++
			o.sum.Missing += gap
			o.sum.LargestGap = max(o.sum.LargestGap, gap)
		}
	}
	o.keys = o.keys[:0]
}

// report is nil if nothing was read.
func (o *order) report() *Order {
	o.end()
	if o.sum.Events == 0 {
		return nil
	}
	o.sum.FarthestBackMs = milliseconds(o.back)
	sum := o.sum
	return &sum
}

// digits is how many digits of the fraction of a second are in use.
func digits(t time.Time) int {
	n := t.Nanosecond()
	if n == 0 {
		return 0
	}
	for digits := 9; ; digits-- {
		if n%10 != 0 {
			return digits
		}
		n /= 10
	}
}
