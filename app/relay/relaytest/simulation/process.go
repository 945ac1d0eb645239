package simulation

import (
	"context"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

// stopsWithin is how long a relay may take after the order to stop.
const stopsWithin = 6 * time.Second

// process is one run of the relay, with all of its streams.
type process struct {
	day    *day
	number int
	stop   context.CancelFunc
	next   func() // starts another one in its place
	once   sync.Once
	dead   chan struct{} // closed by a crash: nothing that it does has an effect any more
	ended  chan struct{} // closed when all of it has ended
}

// startProcess begins another process.
func (d *day) startProcess() *process {
	d.processes++
	ctx, stop := context.WithCancel(context.Background())
	p := &process{day: d, number: d.processes, stop: stop, dead: make(chan struct{}), ended: make(chan struct{})}
	p.next = func() { d.replace(p) }
	d.all = append(d.all, p)
	d.log.Info().Int("process", p.number).Msg("SIMULATION: process starts")
	shared := vcenter.NewShared("simulated", d.server.dial)
	var streams sync.WaitGroup
	for _, r := range d.routes {
		if d.since() < r.from {
			continue
		}
		streams.Go(func() { p.newStream(r).run(ctx, shared) })
	}
	go func() {
		streams.Wait()
		stop()
		close(p.ended)
	}()
	return p
}

func (p *process) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// crash ends the process at once, and has another one started in its place or not.
func (p *process) crash(restart bool) {
	p.once.Do(func() {
		p.day.log.Info().Int("process", p.number).Msg("SIMULATION: process crashes")
		if restart {
			away := between(seeded(p.day.seed, uint64(p.number)<<8), 100*time.Millisecond, 20*time.Second) //nolint:gosec // small
			p.day.trouble.lasts(away)
			p.day.world.in(away, p.next)
		}
		close(p.dead)
		p.stop()
	})
}

// replace starts a process in place of one that has crashed or was told to stop. What runs on of one that has crashed, and tries in
// vain to finish, is no process any more: only one that was told to stop has to have ended.
func (d *day) replace(old *process) {
	if d.current != old {
		return
	}
	select {
	case <-old.ended:
	case <-old.dead:
	default:
		d.fault("process %d had not ended %v after it was told to", old.number, stopsWithin)
	}
	d.current = d.startProcess()
}
