package simulation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// Readings are a vCenter's properties that nobody could measure or that differ from one to the next.
type Readings struct {
	Order         history.Order
	StuckInHole   bool
	LatestHidden  bool
	LiveBursts    bool
	Rounding      time.Duration // of the ends of a filter by time
	ByKey         bool          // vSphere 9.0
	FirstKey      int32
	WrapTo        int32         // where the keys go on behind their end
	Ahead         time.Duration // vCenter's clock before ours
	Resolution    time.Duration // of that clock
	Starts        []string      // of the streams
	Before        int           // events that vCenter has when the day begins
	KeylessBroken bool
}

func drawReadings(rng *rand.Rand) Readings {
	r := Readings{
		Order:         history.Order(rng.IntN(3)), //nolint:gosec // 0 to 2
		StuckInHole:   rng.IntN(2) == 0,
		LatestHidden:  rng.IntN(2) == 0,
		LiveBursts:    rng.IntN(2) == 0,
		Rounding:      []time.Duration{0, time.Millisecond, time.Second}[rng.IntN(3)],
		ByKey:         rng.IntN(3) == 0,
		FirstKey:      1 + rng.Int32N(1_000_000),
		WrapTo:        []int32{math.MinInt32, 1}[rng.IntN(2)],
		Resolution:    []time.Duration{time.Microsecond, time.Millisecond}[rng.IntN(2)],
		Before:        rng.IntN(400),
		KeylessBroken: rng.IntN(10) == 0,
	}
	switch rng.IntN(4) {
	case 0: // ours and vCenter's are one
	case 1:
		r.Ahead = between(rng, -5*time.Second, 5*time.Second)
	default:
		r.Ahead = between(rng, -26*time.Hour, 26*time.Hour)
	}
	if rng.IntN(8) == 0 {
		r.FirstKey = math.MaxInt32 - 200 - rng.Int32N(2500) // the keys come to their end on this day
	}
	if rng.IntN(12) == 0 {
		r.Before = 2000 + rng.IntN(1500)
	}
	for range 1 + rng.IntN(2)*(1+rng.IntN(2)) {
		r.Starts = append(r.Starts, []string{"now", "now", "oldest", "-2h"}[rng.IntN(4)])
	}
	if rng.IntN(2) == 0 {
		for i := range r.Starts { // at once, as streams do that are new together
			r.Starts[i] = r.Starts[0]
		}
	}
	return r
}

// String names what is not ordinary.
func (r Readings) String() string {
	return fmt.Sprintf("order %s, by key %v, stuck in hole %v, latest hidden %v, live bursts %v, rounding %v, first key %d, wraps to %d, "+
		"clock ahead %v by %v, starts %s of %d",
		[...]string{"time", "key", "commit"}[r.Order], r.ByKey, r.StuckInHole, r.LatestHidden, r.LiveBursts, r.Rounding, r.FirstKey, r.WrapTo,
		r.Ahead, r.Resolution, strings.Join(r.Starts, " "), r.Before)
}
