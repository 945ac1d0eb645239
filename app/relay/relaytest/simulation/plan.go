package simulation

import (
	"time"
)

// incident is a fault that the day's plan may draw. It is called in the world's goroutine.
type incident struct {
	weight int
	happen func(d *day)
}

// farBackAt is when vCenter's clock may be set far back.
const farBackAt = faultsEnd - 12*time.Minute

// plan draws the day's incidents: some anywhere, most near one of the busy stretches, where they meet events and each
// other.
func (d *day) plan() {
	w := d.world
	total := 0
	for _, i := range incidents {
		total += i.weight
	}
	for range 12 + w.rng.IntN(10) {
		at := w.between(time.Minute, faultsEnd-3*time.Hour)
		if w.chance(0.7) {
			at = d.workload.centres[w.rng.IntN(len(d.workload.centres))] + w.between(-2*time.Minute, 4*time.Minute)
		}
		w.at(max(at, 30*time.Second), d.draw(total))
	}
	if w.chance(0.2) {
		w.at(w.between(time.Millisecond, 5*time.Second), func() {
			d.trouble.strike("crash at the first start")
			d.current.crash(true)
		})
	}
	d.planRoutes()
	if w.chance(0.25) {
		w.at(farBackAt, d.clockFarBack) // when nothing else is wrong any more
	}
	if w.chance(0.2) {
		d.workload.hiddenShare = 0.1
	}
	w.at(faultsEnd, func() {
		d.trouble.disarm()
		for _, r := range d.routes {
			r.trouble.disarm()
		}
		d.workload.lateShare, d.workload.gapShare = 0, 0
		for d.struck() < leastFault {
			d.sessionsEnd()
		}
	})
}

// planRoutes has some streams begin later in the day, with the next process.
func (d *day) planRoutes() {
	w := d.world
	for _, r := range d.routes[1:] {
		if w.chance(0.6) {
			continue
		}
		if r.from = w.between(time.Minute, farBackAt-time.Hour); w.chance(0.3) {
			r.from = farBackAt - w.between(3*time.Minute, 20*time.Minute)
		}
		r.trouble.lasts(r.from + time.Minute)
		w.at(r.from, func() { d.stopAndStart("stream added", w.between(stopsWithin, 20*time.Second)) })
		for range 5 {
			w.at(r.from+w.between(stopsWithin, time.Minute), d.workload.happens)
		}
	}
}

// draw returns one of the incidents, by their weights.
func (d *day) draw(total int) func() {
	n := d.world.rng.IntN(total)
	for _, i := range incidents {
		if n -= i.weight; n < 0 {
			return func() { i.happen(d) }
		}
	}
	return nil // the weights add up to total
}

// struck is how many faults have struck.
func (d *day) struck() int {
	n := d.trouble.total()
	for _, r := range d.routes {
		n += r.trouble.total()
	}
	return n
}
