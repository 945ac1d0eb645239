package vcsim

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// workload fills the history: before the start as fast as it can, afterwards at a rate. It is safe for concurrent use.
type workload struct {
	stock *inventory
	log   *history.Database
	now   func() time.Time
	turn  chan struct{} // told of something that is due sooner

	mu     sync.Mutex
	random *rand.Rand
	odds   odds
	off    *machine // the one that the workload has powered off, if any
	bodies map[pick]types.BaseEvent
	pacer  pacer
	extra  int // variant of the next event made on demand; the sequence by seed is left alone

	dice      *rand.Rand // for what the sequence by seed must not depend on
	late, old chance
	underway  []transaction
}

// pick identifies a body.
type pick struct {
	recipe  *recipe
	machine *machine
	variant int
}

func newWorkload(stock *inventory, log *history.Database, now func() time.Time, cfg Config) *workload {
	return &workload{
		stock: stock, log: log, now: now,
		turn:   make(chan struct{}, 1),
		random: rand.New(rand.NewPCG(cfg.Seed, 0)), // #nosec G404 -- repeatable on purpose
		dice:   rand.New(rand.NewPCG(cfg.Seed, 1)), // #nosec G404 -- repeatable on purpose
		bodies: map[pick]types.BaseEvent{},
		pacer:  pacer{rate: cfg.Rate},
		odds:   newOdds(cfg.Mix, stock.machines[0]),
	}
}

// preload adds count events, spread evenly over the span before now. Machines change state only at the end.
func (w *workload) preload(count int, span time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log.Grow(count)
	end := w.now()
	for i := range count {
		ago := time.Duration(float64(span) * float64(count-i) / float64(count))
		w.log.Import(w.body(w.choose()), end.Add(-ago))
	}
	if w.off != nil {
		w.stock.setPower(w.off, types.VirtualMachinePowerStatePoweredOff)
	}
}

// run adds events at the current rate until ctx ends.
func (w *workload) run(ctx context.Context) error {
	w.restart()
	for {
		timer := time.NewTimer(w.step())
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-w.turn:
			timer.Stop()
		case <-timer.C:
		}
	}
}

func (w *workload) restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pacer = pacer{rate: w.pacer.rate, since: time.Now()}
}

// step adds what is due and returns how long to wait for more.
func (w *workload) step() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	pause := time.Second // a burst may be over
	if w.pacer.rate > 0 {
		for range w.pacer.due(time.Now()) {
			w.settle()
			w.commit(w.choose())
		}
		pause = min(pause, w.pacer.pause(time.Now()))
	}
	w.log.Settle()
	return w.finish(time.Now(), pause)
}

func (w *workload) currentRate() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pacer.rate
}

func (w *workload) setRate(perSecond float64) error {
	if err := checkRate(perSecond); err != nil {
		return err
	}
	w.mu.Lock()
	w.pacer = pacer{rate: perSecond, since: time.Now()}
	w.mu.Unlock()
	w.wake()
	return nil
}

// wake lets the loop look again at what is due.
func (w *workload) wake() {
	select {
	case w.turn <- struct{}{}:
	default: // the loop has yet to see the turn before
	}
}

// post adds count events of one kind on one machine, nil for any.
func (w *workload) post(r *recipe, m *machine, count int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range count {
		target := m
		if target == nil {
			target = w.stock.machines[w.extra/variants%len(w.stock.machines)]
		}
		w.commit(pick{recipe: r, machine: target, variant: w.extra % variants})
		w.extra++
	}
}

// commit flips the machine first: who reads the event must not find the state before it.
func (w *workload) commit(p pick) {
	if p.recipe.power != "" {
		w.stock.setPower(p.machine, p.recipe.power)
	}
	w.add(w.body(p))
}

// choose draws the next event by weight. At most one machine is off, and a machine is powered on only when off.
func (w *workload) choose() pick {
	chosen := pick{recipe: w.odds.recipe(w.random), machine: w.odds.machine(w.random, w.stock.machines)}
	chosen.variant = w.random.IntN(variants)
	switch {
	case chosen.recipe.power == "":
	case w.off == nil:
		chosen.recipe, w.off = powerOff, chosen.machine
	default:
		chosen.recipe, chosen.machine, w.off = powerOn, w.off, nil
	}
	return chosen
}

var powerOn, powerOff = findRecipe("VmPoweredOnEvent"), findRecipe("VmPoweredOffEvent")

// settle notices when somebody else has powered the machine on.
func (w *workload) settle() {
	if w.off != nil && w.stock.isOn(w.off) {
		w.off = nil
	}
}

func (w *workload) body(p pick) types.BaseEvent {
	body, ok := w.bodies[p]
	if !ok {
		body = p.recipe.body(scene{machine: p.machine, variant: p.variant})
		w.bodies[p] = body
	}
	return body
}
