package simulation

import (
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation/judge"
)

// incidents are all that can go wrong, but for what the readings bring.
var incidents = []incident{
	// The way to vCenter, and its answers.
	{3, armed("response lost", 2)},
	{2, armed("page refused", 2)},
	{2, armed("page slow", 3)},
	{2, armedFor("page hangs", 1, 2*time.Minute)},
	{2, armed("collector refused", 2)},
	{3, (*day).sessionsEnd},
	{2, (*day).restart},
	{2, func(d *day) { d.cut("vcenter refuses", refused, d.world.between(time.Second, 10*time.Minute)) }},
	{2, func(d *day) { d.cut("network silent", silent, d.world.between(time.Second, 10*time.Minute)) }},
	{1, func(d *day) { d.trouble.strike("watch broken"); d.server.breakWatches() }},
	{2, (*day).deaf},
	// History.
	{3, (*day).clockBack},
	{2, func(d *day) { d.trouble.strike("clock forward"); d.server.stepClock(30 * time.Second) }},
	{4, (*day).lateCommits},
	{2, (*day).keyGaps},
	{2, (*day).broken},
	{1, (*day).unknown},
	{2, (*day).burst},
	{2, (*day).sameInstant},
	{2, (*day).storm},
	{3, (*day).hole},
	{2, (*day).cleanUp},
	{2, (*day).purgeWhileDown},
	{2, (*day).purgeWhileTargetOut},
	{3, (*day).restore},
	// The target and the checkpoint store.
	{2, armedAt("publish refused", 3)},
	{2, armedAt("publish half taken", 2)},
	{2, armedAt("acknowledgement lost", 2)},
	{2, armedAtFor("target slow", 5, time.Minute)},
	{2, func(d *day) {
		d.trouble.strike("target out")
		d.targetsOut(d.world.between(time.Second, 30*time.Minute))
	}},
	{2, armedAt("save refused", 3)},
	{2, armedAt("answer of a save lost", 2)},
	{1, armedAt("load refused", 2)},
	{2, func(d *day) {
		d.trouble.strike("store out")
		d.storeIsOut(d.world.between(time.Second, 15*time.Minute))
	}},
	// The relay's process.
	{2, func(d *day) { d.trouble.strike("crash"); d.current.crash(true) }},
	{2, armedAt("crash before acknowledgement", 1)},
	{2, armedAt("crash after acknowledgement", 1)},
	{2, armedAt("crash before save", 1)},
	{2, armedAt("crash after save", 1)},
	{2, func(d *day) { d.stopAndStart("stop and start", d.world.between(stopsWithin, 10*time.Minute)) }},
	{2, (*day).takeOver},
	{2, (*day).elsewhere},
}

func armed(name string, times int) func(*day) {
	return func(d *day) { d.trouble.arm(name, 1+d.world.rng.IntN(times)) }
}

// armedAt is armed at the target of one stream, or for its record.
func armedAt(name string, times int) func(*day) {
	return func(d *day) { d.route().trouble.arm(name, 1+d.world.rng.IntN(times)) }
}

// armedAtFor is armedAt with faults of which each may hold delivery up for so long.
func armedAtFor(name string, times int, each time.Duration) func(*day) {
	return func(d *day) {
		r := d.route()
		r.trouble.arm(name, 1+d.world.rng.IntN(times))
		r.trouble.lasts(time.Duration(times) * each)
	}
}

// route draws one.
func (d *day) route() *route { return d.routes[d.world.rng.IntN(len(d.routes))] }

// targetsOut is an outage of the target of one stream, or of several.
func (d *day) targetsOut(lasts time.Duration) {
	one := d.route()
	for _, r := range d.routes {
		if r == one || d.world.chance(0.3) {
			r.out(lasts)
		}
	}
}

// armedFor is armed with faults of which each may hold delivery up for so long.
func armedFor(name string, times int, each time.Duration) func(*day) {
	return func(d *day) {
		d.trouble.arm(name, 1+d.world.rng.IntN(times))
		d.trouble.lasts(time.Duration(times) * each)
	}
}

func (d *day) sessionsEnd() {
	d.trouble.strike("sessions ended")
	d.server.endSessions()
}

func (d *day) restart() {
	if !d.server.runs() {
		return
	}
	d.trouble.strike("vcenter restarted")
	d.away(d.world.between(5*time.Second, 10*time.Minute))
}

// away has vCenter not run for a while.
func (d *day) away(lasts time.Duration) {
	d.server.stop()
	d.trouble.lasts(lasts)
	d.world.in(lasts, d.server.start)
}

func (d *day) cut(name string, by way, lasts time.Duration) {
	d.trouble.strike(name)
	d.server.reach(by)
	d.trouble.lasts(lasts + time.Minute)
	d.world.in(lasts, func() { d.server.reach(open) })
}

func (d *day) deaf() {
	d.trouble.strike("watch silent")
	d.server.setDeaf(true)
	d.world.in(d.world.between(time.Minute, 20*time.Minute), func() { d.server.setDeaf(false) })
}

func (d *day) clockBack() {
	d.trouble.strike("clock back")
	d.server.stepClock(-30 * time.Second)
}

// clockFarBack sets vCenter's clock back by more than a resumed reader reads again, while the relay is there, which then
// crashes or not, or while it is not.
func (d *day) clockFarBack() {
	step := []time.Duration{-90 * time.Second, -10 * time.Minute, -time.Hour}[d.world.rng.IntN(3)]
	if away := d.world.between(stopsWithin, 5*time.Minute); d.world.chance(0.5) && d.stopAndStart("clock far back while the relay was down", away) {
		d.world.in(d.world.between(0, away), func() { d.server.stepClock(step) })
		return
	}
	d.trouble.strike("clock far back")
	d.server.stepClock(step)
	if len(d.routes) == 1 || d.world.chance(0.5) {
		d.world.in(d.world.between(time.Minute, 5*time.Minute), func() { d.current.crash(true) })
	}
}

func (d *day) lateCommits() {
	share := []float64{0.02, 0.1, 0.5}[d.world.rng.IntN(3)]
	d.workload.lateShare = share
	d.world.in(d.world.between(2*time.Minute, 20*time.Minute), func() { d.workload.lateShare = 0 })
}

func (d *day) keyGaps() {
	d.workload.gapShare = 0.05
	d.world.in(d.world.between(2*time.Minute, 20*time.Minute), func() { d.workload.gapShare = 0 })
}

func (d *day) broken() {
	if !d.server.runs() {
		return
	}
	b := d.workload.event()
	if b.broken = !b.hidden; b.broken {
		d.trouble.strike("unreadable event")
	}
	d.workload.commit(b)
}

func (d *day) unknown() {
	b := d.workload.event()
	b.class, b.unknown = "FutureEventOfAVersionToCome", true
	d.trouble.strike("unknown class")
	d.workload.commit(b)
}

// burst is events that are alike, more than vCenter's filter stores.
func (d *day) burst() {
	d.trouble.strike("burst")
	times := 35 + d.world.rng.IntN(60)
	alike := body{class: "BadUsernameSessionEvent", user: "root", entity: event.Ref{Type: "VirtualMachine", Value: "vm-Aa"}}
	for range times {
		d.world.in(d.world.between(0, 20*time.Second), func() { d.workload.commit(alike) })
	}
	d.world.in(time.Minute, d.server.db.Settle)
}

func (d *day) sameInstant() {
	d.trouble.strike("many in one instant")
	for range 1100 + d.world.rng.IntN(400) {
		d.workload.happens()
	}
}

func (d *day) storm() {
	d.trouble.strike("storm")
	d.events(300+d.world.rng.IntN(1500), d.world.between(time.Second, 20*time.Second))
}

// events has some happen within a time.
func (d *day) events(n int, within time.Duration) {
	const each = 10
	for range n / each {
		d.world.in(d.world.between(0, within), func() {
			for range each {
				d.workload.happens()
			}
		})
	}
}

// hole is more events than a page that the account may not see.
func (d *day) hole() {
	if !d.server.runs() {
		return
	}
	d.trouble.strike("permission hole")
	const steps = 20
	n := (1050 + d.world.rng.IntN(4000)) / steps
	for i := range steps {
		d.world.in(time.Duration(i)*d.world.between(time.Millisecond, 500*time.Millisecond), func() {
			for range n {
				b := d.workload.event()
				b.hidden = true
				d.workload.commit(b)
			}
		})
	}
}

// The youngest that vCenter purges: it keeps events for days, of which a simulated one has too few.
const youngestPurged = 61 * time.Minute

func (d *day) purge(older time.Duration) {
	now := d.server.now()
	d.purged = d.since()
	d.ended[now.UnixMicro()] = d.since()
	d.server.db.Purge(now.Add(-older))
}

func (d *day) cleanUp() {
	d.trouble.strike("clean-up")
	d.purge(d.world.between(2*youngestPurged, 5*time.Hour))
}

// purgeWhileDown purges what a relay that is down has not read.
func (d *day) purgeWhileDown() {
	lasts := d.world.between(70*time.Minute, 150*time.Minute)
	if d.stopAndStart("purge while the relay was down", lasts) {
		d.events(100, lasts)
		d.world.in(lasts-time.Second, func() { d.purge(youngestPurged) })
	}
}

// purgeWhileTargetOut purges what a relay could not read on because its target was away.
func (d *day) purgeWhileTargetOut() {
	d.trouble.strike("purge while the target was out")
	lasts := d.world.between(70*time.Minute, 150*time.Minute)
	d.targetsOut(lasts)
	d.events(100+d.world.rng.IntN(2500), lasts)
	d.world.in(lasts-d.world.between(0, 10*time.Minute), func() { d.purge(youngestPurged) })
}

const backupAge = 10 * time.Minute

// restore goes back to a backup. It does not bring back what was purged: those rows would be there twice over.
func (d *day) restore() {
	again := len(d.restores) > 0 && d.since()-d.restores[len(d.restores)-1].At < time.Hour
	if again || !d.server.runs() || d.purged > 0 && d.since()-d.purged < 2*backupAge {
		return
	}
	d.trouble.strike("restore")
	now := d.server.now()
	d.ended[now.UnixMicro()] = d.since()
	d.restores = append(d.restores, judge.Restore{At: d.since()})
	d.away(3 * time.Minute)
	d.server.db.Restore(now.Add(-backupAge))
	d.workload.any = false
	if d.world.chance(0.5) {
		d.world.in(3*time.Minute, func() { d.events(50+d.world.rng.IntN(600), 10*time.Second) })
	}
}

// stopAndStart stops the relay as an operator does, and reports false when it does not run.
func (d *day) stopAndStart(name string, down time.Duration) (stopped bool) {
	p := d.current
	p.once.Do(func() {
		d.trouble.strike(name)
		d.log.Info().Int("process", p.number).Msg("SIMULATION: process is told to stop")
		d.trouble.lasts(down)
		p.stop()
		d.world.in(down, func() { d.replace(p) })
		stopped = true
	})
	return stopped
}

// takeOver starts another process beside the one that runs.
func (d *day) takeOver() {
	p := d.current
	p.once.Do(func() {
		d.trouble.strike("take-over")
		d.current = d.startProcess()
	})
}

// elsewhere has another relay have a stream for a while.
func (d *day) elsewhere() {
	d.trouble.strike("stream elsewhere")
	r, lasts := d.route(), d.world.between(100*time.Millisecond, 10*time.Minute)
	r.trouble.lasts(lasts + time.Minute)
	r.note(judge.Step{Act: judge.Acquired, Process: r.record.lend(lasts)})
}
