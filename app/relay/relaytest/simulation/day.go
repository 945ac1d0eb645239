package simulation

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation/judge"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

const (
	instance = "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b"

	dayEnds    = 24 * time.Hour
	faultsEnd  = dayEnds - 40*time.Minute // from then on all is well
	eventsEnd  = dayEnds - 20*time.Minute
	mostCalls  = 400_000 // of vCenter on one day for one stream: a relay that polls every second makes 86,400
	windowSize = 200     // events that are acknowledged and not stored, see relay.Stream
	leastFault = 10
)

// Result is what came of a day.
type Result struct {
	Seed     uint64
	Readings string
	Verdict  judge.Verdict
	Events   int
	Streams  int
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
	routes   []*route
	log      zerolog.Logger
	workload workload

	current   *process // of the world's goroutine, like
	all       []*process
	processes int
	purged    time.Duration // the last time

	mu       sync.Mutex
	bodies   []*body
	faults   []string
	restores []judge.Restore
	wraps    []time.Duration
	ended    map[int64]time.Duration // when rows ended, by vCenter's clock
	made     int                     // calls of vCenter
	storeOut int
}

// Run simulates the day of a seed. It has to run in a bubble of testing/synctest.
func Run(seed uint64, log zerolog.Logger) Result {
	d := &day{seed: seed, trouble: newTrouble(log), log: log, ended: make(map[int64]time.Duration)}
	d.world = newWorld(seeded(seed, 0))
	readings := drawReadings(seeded(seed, 1))
	d.server = newServer(d, readings)
	d.log.Info().Str("readings", readings.String()).Msg("SIMULATION: day begins")
	for i, name := range readings.Starts {
		start, _ := event.ParseStart(name)
		d.routes = append(d.routes, &route{day: d, number: i, start: start, trouble: newTrouble(log)})
	}
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
	return d.result(Result{Seed: seed, Readings: readings.String(), Events: len(d.bodies), Streams: len(d.routes), Calls: d.made})
}

// result adds the judgement of each stream.
func (d *day) result(of Result) Result {
	sum := fnv.New64a()
	of.Struck = d.trouble.struck
	for _, r := range d.routes {
		for name, times := range r.trouble.struck {
			of.Struck[name] += times
		}
		record := d.judgeable(r)
		digest(sum, record.Steps)
		of.Verdict.Add(judge.Of(record), r.number)
	}
	of.Digest = sum.Sum64()
	return of
}

func digest(sum io.Writer, steps []judge.Step) {
	for i := range steps {
		step := &steps[i]
		fmt.Fprintf(sum, "%d %d %d %d %s %v %s\n", //nolint:errcheck // a hash takes everything
			step.At, step.Act, step.Process, step.Attempt, step.Delivery.ID, step.Delivery.Late, step.Position)
	}
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

// fault notes what no relay should have done.
func (d *day) fault(format string, arguments ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.faults) < 10 {
		d.faults = append(d.faults, fmt.Sprintf("at %v: ", d.since())+fmt.Sprintf(format, arguments...))
	}
}

// countCall ends a relay that calls vCenter without end.
func (d *day) countCall() {
	d.mu.Lock()
	d.made++
	n, most := d.made, mostCalls*len(d.routes)
	d.mu.Unlock()
	if n == most {
		d.fault("vCenter was called %d times on one day", n)
	}
	if n > most {
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		<-timer.C
	}
}

func (d *day) isStoreOut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.storeOut > 0
}

// storeIsOut is an outage of a while; several may overlap.
func (d *day) storeIsOut(lasts time.Duration) {
	add := func(n int) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.storeOut += n
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

// judgeable puts together what the judge gets of a stream. What is wrong with all of them he is told once.
func (d *day) judgeable(r *route) *judge.Record {
	record := &judge.Record{
		Instance: instance, Rows: make([]judge.Row, len(d.bodies)), Steps: r.steps, Trouble: slices.Concat(d.trouble.spans, r.trouble.spans),
		Restores: d.restores, Wraps: d.wraps, Clock: d.server.clock, Batch: windowSize,
	}
	if r.number == 0 {
		record.Faults = d.faults
	}
	for i := range record.Rows {
		record.Rows[i] = judge.Row{Absent: true} // unless the log has it
	}
	begins := r.begins()
	for _, entry := range d.server.db.Log(0) {
		b := entry.Body.(*body)
		record.Rows[b.number] = judge.Row{
			Key: entry.Key, Created: entry.Created, Entity: b.entity.String(), Visible: b.visible, Ended: d.ended[entry.Ended],
			Fate: judge.Fate(entry.Fate), Delayed: b.late, Hidden: b.hidden, Unstored: entry.Compressed, Broken: b.broken,
			Burst: b.burstCount(),
		}
		if row := &record.Rows[b.number]; row.Fate != judge.Stored && row.Ended <= begins { // it never was for this stream
			*row = judge.Row{Absent: true}
		}
	}
	return record
}
