package simulation

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation/judge"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

const (
	instance = "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b"

	dayEnds    = 24 * time.Hour
	faultsEnd  = dayEnds - 40*time.Minute // from then on all is well
	eventsEnd  = dayEnds - 20*time.Minute
	mostCalls  = 400_000 // of vCenter on one day: a relay that polls every second makes 86,400
	windowSize = 200     // events that are acknowledged and not stored, see relay.Stream
	leastFault = 10
)

// Result is what came of a day.
type Result struct {
	Seed     uint64
	Readings string
	Verdict  judge.Verdict
	Events   int
	Struck   map[string]int // faults by how often they struck
	Calls    int
	Digest   uint64 // of all that was published and stored, and when: equal for two runs that went the same way
}

// Failed is the result of a day that did not come to its end, with what its process said last.
func Failed(seed uint64, output string) Result {
	return Result{Seed: seed, Readings: output, Verdict: judge.Verdict{Findings: []judge.Finding{
		{Rule: "Alive", Text: "the day hung or ended its process"},
	}}}
}

// day is one simulated day.
type day struct {
	seed     uint64
	world    *world
	server   *server
	trouble  *trouble
	record   record
	log      zerolog.Logger
	workload workload

	current   *process // of the world's goroutine, like
	all       []*process
	processes int
	purged    time.Duration // the last time

	mu        sync.Mutex
	steps     []judge.Step
	bodies    []*body
	faults    []string
	restores  []judge.Restore
	wraps     []time.Duration
	ended     map[int64]time.Duration // when rows ended, by vCenter's clock
	attempts  int
	made      int // calls of vCenter
	targetOut int
	storeOut  int
}

// Run simulates the day of a seed. It has to run in a bubble of testing/synctest.
func Run(seed uint64, log zerolog.Logger) Result {
	d := &day{seed: seed, trouble: newTrouble(log), log: log, ended: make(map[int64]time.Duration)}
	d.world = newWorld(seeded(seed, 0))
	readings := drawReadings(seeded(seed, 1))
	d.server = newServer(d, readings)
	d.log.Info().Str("readings", readings.String()).Msg("SIMULATION: day begins")
	d.workload.begin(d)
	d.plan()
	d.current = d.startProcess()
	d.world.run(dayEnds)
	for _, p := range d.all {
		p.stop()
	}
	d.world.run(dayEnds + stopsWithin)
	for _, p := range d.all {
		select {
		case <-p.ended:
		default:
			d.fault("process %d does not stop", p.number)
			p.crash(false)
		}
	}
	record := d.judgeable()
	return Result{
		Digest: digest(record.Steps),
		Seed:   seed, Readings: readings.String(), Verdict: judge.Of(record), Events: len(record.Rows), Struck: d.trouble.struck, Calls: d.made,
	}
}

func digest(steps []judge.Step) uint64 {
	sum := fnv.New64a()
	for i := range steps {
		step := &steps[i]
		fmt.Fprintf(sum, "%d %d %d %d %s %v %s\n", //nolint:errcheck // a hash takes everything
			step.At, step.Act, step.Process, step.Attempt, step.Delivery.ID, step.Delivery.Late, step.Position)
	}
	return sum.Sum64()
}

// seeded returns one of the sources of random numbers of a seed. It is safe for concurrent use.
func seeded(seed, stream uint64) *rand.Rand {
	return rand.New(&lockedSource{source: rand.NewPCG(seed, stream)}) //nolint:gosec // a day has to be repeatable
}

// lockedSource is a source of random numbers that goroutines share.
type lockedSource struct {
	mu     sync.Mutex
	source rand.Source
}

// Uint64 is rand.Source.
func (s *lockedSource) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Uint64()
}

// since is the time of the day.
func (d *day) since() time.Duration { return time.Since(d.world.began) }

// note adds a step to the record.
func (d *day) note(step judge.Step) {
	d.mu.Lock()
	defer d.mu.Unlock()
	step.At = d.since()
	d.steps = append(d.steps, step)
}

// fault notes what no relay should have done.
func (d *day) fault(format string, arguments ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.faults) < 10 {
		d.faults = append(d.faults, fmt.Sprintf("at %v: ", d.since())+fmt.Sprintf(format, arguments...))
	}
}

func (d *day) nextAttempt() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.attempts++
	return d.attempts
}

// countCall ends a relay that calls vCenter without end.
func (d *day) countCall() {
	d.mu.Lock()
	d.made++
	n := d.made
	d.mu.Unlock()
	if n == mostCalls {
		d.fault("vCenter was called %d times on one day", n)
	}
	if n > mostCalls {
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		<-timer.C
	}
}

// isOut tells whether one of the counters of outages stands.
func (d *day) isOut(counter *int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return *counter > 0
}

// outage is one of a while; several may overlap.
func (d *day) outage(counter *int, lasts time.Duration) {
	add := func(n int) {
		d.mu.Lock()
		defer d.mu.Unlock()
		*counter += n
	}
	add(1)
	d.trouble.lasts(lasts)
	d.world.in(lasts, func() { add(-1) })
}

// notice makes the body of a row about a burst. It is called while the database is locked.
func (d *day) notice(n history.Notice) any {
	return d.newBody(body{class: "EventEx", typeID: "com.vmware.vc." + noticeNames[n.Kind], burst: &n, visible: d.since()})
}

func (d *day) newBody(b body) *body {
	d.mu.Lock()
	defer d.mu.Unlock()
	b.number = len(d.bodies)
	d.bodies = append(d.bodies, &b)
	return &b
}

// judgeable puts together what the judge gets.
func (d *day) judgeable() *judge.Record {
	record := &judge.Record{
		Instance: instance, Rows: make([]judge.Row, len(d.bodies)), Steps: d.steps, Trouble: d.trouble.spans,
		Restores: d.restores, Wraps: d.wraps, Clock: d.server.clock, Faults: d.faults, Batch: windowSize,
	}
	for i := range record.Rows {
		record.Rows[i] = judge.Row{Absent: true} // unless the log has it
	}
	for _, entry := range d.server.db.Log(0) {
		b := entry.Body.(*body)
		record.Rows[b.number] = judge.Row{
			Key: entry.Key, Created: entry.Created, Entity: b.entity.String(), Visible: b.visible, Ended: d.ended[entry.Ended],
			Fate: judge.Fate(entry.Fate), Delayed: b.late, Hidden: b.hidden, Unstored: entry.Compressed, Broken: b.broken,
			Burst: b.burstCount(),
		}
	}
	return record
}
