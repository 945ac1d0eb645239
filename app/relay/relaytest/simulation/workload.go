package simulation

import (
	"math"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	busy     = 20 * time.Minute
	entities = 20
)

// workload is what happens in the simulated vCenter when nothing is wrong, and the moments at which it is likely that
// something is. It belongs to the world's goroutine.
type workload struct {
	day     *day
	centres []time.Duration // busy stretches lie around them, and faults near them
	last    int32           // key
	any     bool            // last is one

	lateShare, gapShare, hiddenShare float64
}

// begin fills the history and plans the events of the day.
func (w *workload) begin(d *day) {
	w.day = d
	past := d.server.now().Add(-3 * time.Hour)
	n := d.server.readings.Before
	for i := range n {
		b := d.newBody(w.event())
		row := d.server.db.Import(b, past.Add(time.Duration(i)*3*time.Hour/time.Duration(n+1)).Truncate(d.server.readings.Resolution))
		w.watchKey(row.Key)
	}
	for range 5 {
		w.centres = append(w.centres, d.world.between(30*time.Minute, 20*time.Hour+30*time.Minute))
	}
	for range 12 { // something happens while the relay starts for the first time
		d.world.at(d.world.between(0, 15*time.Second), w.happens)
	}
	for _, centre := range w.centres {
		w.stretch(centre-busy/3, busy, 6*time.Second)
	}
	for range 11 {
		w.stretch(d.world.between(0, 23*time.Hour), d.world.between(5*time.Minute, 30*time.Minute), 16*time.Second)
	}
	w.stretch(eventsEnd-time.Hour, time.Hour, 12*time.Second) // there has to be something after all faults
}

// stretch plans events at random distances.
func (w *workload) stretch(begin, length, distance time.Duration) {
	rng := w.day.world.rng
	for at := begin; at < begin+length && at < eventsEnd; at += time.Duration(rng.ExpFloat64() * float64(distance)) {
		if at <= 0 {
			continue
		}
		times := 1
		if rng.IntN(12) == 0 {
			times = 2 + rng.IntN(4) // at the same instant
		}
		w.day.world.at(at, func() {
			for range times {
				w.happens()
			}
		})
	}
}

// event draws one. Few objects have most of them.
func (w *workload) event() body {
	rng := w.day.world.rng
	b := body{class: "VmPoweredOnEvent", hidden: rng.Float64() < w.hiddenShare}
	switch n := int(math.Abs(rng.NormFloat64()) * entities / 3); {
	case rng.IntN(16) == 0: // no object
	case n == 3:
		b.entity = event.Ref{Type: "HostSystem", Value: "host-1"}
	default:
		b.entity = event.Ref{Type: "VirtualMachine", Value: machines[min(n, len(machines)-1)]}
	}
	return b
}

var machines = func() (names []string) {
	for i := range entities * 2 {
		names = append(names, "vm-"+string(rune('A'+i%26))+string(rune('a'+i/26)))
	}
	return names
}()

// happens commits an event, now or late or never.
func (w *workload) happens() { w.commit(w.event()) }

func (w *workload) commit(of body) {
	d := w.day
	if !d.server.runs() {
		return
	}
	if d.world.chance(w.gapShare) {
		d.trouble.strike("key gap")
		w.watchKey(d.server.db.CommitLate(d.newBody(of)).Row().Key)
		return
	}
	b := d.newBody(of)
	if d.world.chance(w.lateShare) {
		w.commitLate(b)
		return
	}
	b.visible = d.since()
	w.watchKey(d.server.db.Commit(b).Key)
}

// commitLate makes an event visible up to 50 seconds after its key and time were allotted.
func (w *workload) commitLate(b *body) {
	d := w.day
	b.late = true
	late := d.server.db.CommitLate(b)
	w.watchKey(late.Row().Key)
	d.world.in(d.world.between(time.Millisecond, 50*time.Second), func() {
		if !d.server.runs() {
			return // its transaction has ended
		}
		b.visible = d.since()
		if _, visible := late.Commit(); visible {
			d.trouble.strike("late commit")
		}
	})
}

// watchKey notes when the keys begin anew.
func (w *workload) watchKey(key int32) {
	if w.any && int64(w.last)-int64(key) > 1<<30 {
		w.day.trouble.strike("key wrap to " + map[bool]string{true: "negative", false: "one"}[key < 0])
		w.day.wraps = append(w.day.wraps, w.day.since())
	}
	w.last, w.any = key, true
}
