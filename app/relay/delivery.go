package relay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	windowSize    = 200                    // events that a crash may have published and not stored, unless the stream says otherwise
	windowBytes   = 8 << 20                // of their data, and one event more
	judgeTime     = 100 * time.Millisecond // for the filter, until requests and the lease have their turn
	mostPassed    = 4096                   // events that are not wanted, behind one that is not acknowledged
	saveEvery     = time.Second            // the position, while requests are always on their way,
	worthSaving   = 150                    // unless it has come past half of the window, and not past fewer than these
	maxRequests   = 4                      // on their way at a time, unless the stream says otherwise
	worthwhile    = 2                      // a request beside another has half of the most events: one of few costs as much
	besideAfter   = 20 * time.Millisecond  // unless the other takes so long
	troubleLasts  = 15 * time.Second       // after a request failed: longer than maxDelay, and than the ten seconds that Kafka's client pauses
	stillTaken    = time.Second            // after a request was taken, another that fails is no outage where a part of the target may be away
	failsToGiveUp = 5                      // how often an event is refused alone, while others are taken, before it is set aside,
	failsOfOne    = 10                     // and as often where a part of the target may be away: 55 s
	healAfter     = 150 * time.Second      // JetStream's client gives up for good after two minutes, see docs/reliability.md
	healPause     = 10 * time.Minute       // between two restarts: the broker may really be away
	letterBytes   = 64 << 10               // data of an event that cannot even be dead-lettered whole
	aloneDelay    = 500 * time.Millisecond // before an event that was refused alone is tried again; it doubles
	longestAlone  = 16 * aloneDelay        // and no more
)

// delivery takes events from the reader to the target, and the position behind them to the store. It belongs to one
// goroutine; the requests and the writes of the position run beside it and report to its channels.
type delivery struct {
	stream   *Stream
	position event.Position // all before it was acknowledged
	window   *window
	unsaved  int  // events that position has come past since it was stored
	passed   bool // it has come past others, that are not wanted

	page         *event.Page // that is being taken over, and
	taken        int         // how many of its events were
	more         bool        // the filter has to judge the rest, when others have had their turn
	results      chan result
	saved        chan error // nil while nothing is being written
	saving       int        // of unsaved, what the write covers, and
	savingPassed bool       // of passed
	began        time.Time  // of the write
	renewed      time.Time  // when the last one that was done began: so long the lease lasts at least
	givenUp      bool       // a request failed after the order to stop: no other is sent
	beside       sync.WaitGroup

	last      *entry    // that was taken
	about     *result   // a request that failed, about which it is asked with the last one
	asking    bool      // that is on its way
	flying    int       // requests
	launched  time.Time // the last of them
	successes int       // requests that were taken, ever
	outage    outage
	failed    time.Time // when a request failed last, and
	succeeded time.Time // when one was taken
	healed    time.Time // when Heal was called last
}

// outage is a time in which the target takes nothing.
type outage struct {
	since time.Time // zero for none
	tries int
	again time.Time // when the target is tried next
	turn  int       // with which event
}

// result is what became of a request.
type result struct {
	entries   []*entry
	successes int  // when it was sent
	aside     bool // it was to set the event aside
	canary    bool // it was of an event that the target has already
	err       error
	took      time.Duration
}

func newDelivery(s *Stream, position *event.Position, acquired time.Time) *delivery {
	return &delivery{stream: s, renewed: acquired, position: *position, window: newWindow(s.Order, s.Native, s.ahead()), results: make(chan result, s.requests())}
}

// run works until ctx ends, and then finishes what is on its way while sending lasts, or until the stream is fenced. It takes pages
// one at a time and asks for the next when nothing of the one before is needed any more. After the order to stop it also sends the
// events before the last one that was sent: what was taken behind one that was not would be sent again.
func (d *delivery) run(ctx, sending context.Context, pages <-chan event.Page, next chan<- struct{}) error {
	for {
		stopping := ctx.Err() != nil
		if stopping {
			d.window.cut()
			d.more = false
		} else {
			d.takeOver(next)
		}
		if !stopping || d.mayFinish() {
			d.send(sending)
		}
		d.store(ctx, sending)
		if stopping && d.flying == 0 && d.saved == nil {
			d.leave()
			return ctx.Err()
		}
		from, stop := pages, ctx.Done()
		if d.page != nil || stopping {
			from = nil
		}
		if stopping {
			stop = nil
		}
		timer := time.NewTimer(d.pause())
		select {
		case page := <-from:
			d.page, d.taken = &page, 0
		case r := <-d.results:
			d.ended(&r, stopping)
		case err := <-d.saved:
			if d.written(err); errors.Is(err, event.ErrFenced) || errors.Is(err, event.ErrDamaged) {
				return err
			}
		case <-timer.C:
		case <-stop:
		}
		timer.Stop()
	}
}

// takeOver brings events into the window, as far as there is room.
func (d *delivery) takeOver(next chan<- struct{}) {
	d.more = false
	if d.page == nil {
		return
	}
	events, began := d.page.Events, time.Now()
	for ; d.taken < len(events) && d.window.room(d.unsaved); d.taken++ {
		e := &events[d.taken]
		e.Profile = d.stream.Profile
		if d.more = d.stream.Filter != nil && time.Since(began) > judgeTime; d.more {
			return
		}
		if !d.stream.wants(e) {
			d.pass(e)
			continue
		}
		d.window.add(e, d.stream.MaxBytes)
		if soon := time.Now().Add(firstDelay); d.outage.again.After(soon) {
			d.outage.again = soon // if it is events that are refused, and not all, this one shows it
		}
	}
	if d.taken < len(events) {
		return
	}
	d.page.Events = nil
	if !d.window.complete(d.page) {
		d.position.Complete(d.page)
	}
	d.page = nil
	next <- struct{}{}
}

// pass has the position come past an event that is not wanted, when all before it was acknowledged.
func (d *delivery) pass(e *event.Event) {
	if len(d.window.entries) > 0 {
		d.window.pass(e)
		return
	}
	d.position.Advance(e)
	d.passed = true
}

// send starts requests. While the target takes nothing there is one at a time, of one event.
func (d *delivery) send(ctx context.Context) {
	for d.flying < d.stream.requests() && !d.asking && !d.older(2) {
		now := time.Now()
		d.window.trouble = now.Sub(d.failed) < troubleLasts
		d.window.saved = d.unsaved == 0 && !d.passed && d.saved == nil
		var entries []*entry
		switch {
		case d.about != nil: // if that is taken which was taken before, it is not the target that fails
			d.asking, entries = true, []*entry{d.last}
		case d.outage.since.IsZero():
			entries = d.window.pick(now, d.stream.batch())
			if d.flying > 0 && len(entries) < d.stream.batch()/worthwhile && now.Sub(d.launched) < besideAfter {
				return
			}
		case d.flying == 0 && !now.Before(d.outage.again):
			d.heal(ctx, now)
			entries = d.probe(now)
		}
		if len(entries) == 0 {
			return
		}
		d.launch(ctx, entries, now)
	}
}

// mayFinish tells whether events may be sent after the order to stop: nothing is tried again by then.
func (d *delivery) mayFinish() bool {
	return !d.givenUp && d.about == nil && d.outage.since.IsZero()
}

// heal has the way to the target made anew when it was out for long: a sidecar may hold on to a connection that is dead.
func (d *delivery) heal(ctx context.Context, now time.Time) {
	s, o := d.stream, &d.outage
	if s.Heal == nil || d.cannotTell() || now.Sub(o.since) < healAfter || now.Sub(d.healed) < healPause {
		return
	}
	d.healed = now
	s.Log.Warn().Str("part", partTarget).Dur("outage", now.Sub(o.since)).Msg("out for long: restarting the sidecar, which may hold a dead connection to the broker")
	s.Observer.restarts.Inc()
	d.beside.Go(func() {
		if err := s.Heal(ctx); err != nil {
			s.Log.Warn().Err(err).Msg("the sidecar was not restarted")
		}
	})
}

// cannotTell is true while nothing tells an event that is refused from a target that takes nothing: in the order of all events, when
// none was taken before the first.
func (d *delivery) cannotTell() bool { return d.stream.Order == event.OrderStrict && d.last == nil }

// probe returns an event to try a target with that takes nothing. In turn it is each that may be sent, since an event may be
// refused for what it is, and the one that was taken last.
func (d *delivery) probe(now time.Time) []*entry {
	candidates := d.window.candidates(now)
	if len(candidates) > 0 && d.last != nil {
		candidates = append(candidates, d.last)
	}
	if len(candidates) == 0 {
		return nil
	}
	d.outage.turn++
	turn := d.outage.turn % len(candidates)
	return candidates[turn : turn+1]
}

func (d *delivery) launch(ctx context.Context, entries []*entry, now time.Time) {
	first := entries[0]
	r := result{entries: entries, successes: d.successes, aside: first.state != done && first.alone >= d.stream.patience(), canary: first.state == done}
	if !r.canary {
		d.window.mark(entries, flying)
	}
	d.flying++
	d.launched = now
	events := make([]event.Event, len(entries))
	for i, e := range entries {
		events[i] = *e.out()
	}
	if r.aside && first.cut {
		events[0] = events[0].Trim(letterBytes)
	}
	d.beside.Go(func() {
		if r.aside {
			r.err = d.stream.Publisher.SetAside(ctx, &events[0], first.reason)
		} else {
			r.err = d.stream.Publisher.Publish(ctx, events)
		}
		r.took = time.Since(now)
		d.results <- r
	})
}

// ended notes what became of a request.
func (d *delivery) ended(r *result, stopping bool) {
	d.flying--
	if r.err != nil {
		d.failed = time.Now()
	}
	about := d.about
	if r.canary {
		d.asking, d.about = false, nil
	} else if r.err != nil || r.aside {
		d.window.mark(r.entries, waiting)
	}
	switch {
	case r.err != nil && stopping:
		d.givenUp = true
	case r.err != nil:
		d.refused(r)
	case r.aside:
		d.setAside(r.entries[0])
	default:
		d.accepted(r)
		if about != nil && r.canary {
			d.blame(about)
		}
	}
}

func (d *delivery) accepted(r *result) {
	d.successes++
	d.succeeded = time.Now()
	d.stream.healed(partTarget, d.outage.tries, time.Since(d.outage.since))
	d.outage = outage{turn: d.outage.turn}
	if r.canary {
		return
	}
	d.last = r.entries[0]
	d.last.cut, d.last.alone = false, 0 // it was taken after all
	d.window.mark(r.entries, done)
	d.stream.Observer.published(r.entries, r.took)
	d.unsaved += d.window.advance(&d.position)
}

// refused finds out whether the events of a request are not taken, or nothing is. It is the events when others were taken
// meanwhile, or when, at the second time, the target takes what it took before.
func (d *delivery) refused(r *result) {
	now := time.Now()
	d.stream.Observer.refused(r.entries)
	switch first := r.entries[0]; {
	case r.aside:
		first.due = now.Add(aloneDelay << failsToGiveUp)
		first.cut = true // it may be its size
		first.alone--    // the target is tried between: somebody may have mended it
		d.stream.Log.Error().Err(r.err).Str("id", first.event.ID()).Msg("an event that the target refuses cannot be dead-lettered, trying until it can")
	case first.cut && !r.canary: // that it is the event was found out before
		d.blame(r)
	case r.canary, !d.outage.since.IsZero():
		d.out(r.err, now)
	case d.successes > r.successes, d.stream.partitioned() && now.Sub(d.succeeded) < stillTaken:
		d.blame(r)
	case first.failed && d.last != nil:
		d.about = r
	default:
		for _, e := range r.entries {
			e.failed = true
			if d.stream.partitioned() {
				e.most = 1
			}
		}
		d.out(r.err, now)
	}
}

// blame has events that were refused tried in halves, until the one that is refused is alone. Partitions go
// on taking theirs while another is away: each try would store them once more, so that there they are alone at once.
func (d *delivery) blame(r *result) {
	if n := len(r.entries); n > 1 {
		for _, e := range r.entries {
			if e.most = n / 2; d.stream.partitioned() {
				e.most = 1
			}
		}
		return
	}
	e := r.entries[0]
	e.most, e.reason, e.due = 1, r.err.Error(), time.Now().Add(min(aloneDelay<<e.alone, longestAlone))
	e.alone++
}

// out notes that the target takes nothing.
func (d *delivery) out(err error, now time.Time) {
	s, o := d.stream, &d.outage
	if o.since.IsZero() {
		o.since = now
		s.Log.Warn().Err(err).Str("part", partTarget).Msg("not available, trying until it is")
	} else {
		s.Log.Debug().Err(err).Str("part", partTarget).Int("tries", o.tries).Msg("still not available")
	}
	if o.tries == failsToGiveUp && d.cannotTell() {
		s.Log.Error().Err(err).Str("id", d.window.entries[0].event.ID()).
			Msg("the first event after a start is not taken: it may be the event itself; in order strict nothing else can be tried")
	}
	s.Observer.failed(partTarget, err)
	if !now.Before(o.again) { // else another request of the same moment has failed as well
		o.again = now.Add(s.delay(o.tries))
		o.tries++
	}
}

// setAside puts the announcement that an event was set aside in its place. When that is refused as well, it is where dead
// letters go, and that is the end of it: an announcement of the announcement would be refused in turn, for ever.
func (d *delivery) setAside(e *entry) {
	s := d.stream
	s.Log.Error().Str("id", e.event.ID()).Str("event", e.event.Name()).Str("reason", e.reason).
		Msg("the target refuses an event and takes others: it was set aside")
	s.Observer.setAside()
	if e.told != nil {
		d.window.mark([]*entry{e}, done)
		d.unsaved += d.window.advance(&d.position)
		return
	}
	e.setAside()
}

// store writes the position when it has moved. The order to stop ends the pauses between tries, which may be long by then, and keeps them
// short: what stays unsaved comes again at the next owner, beside what a crash of that one repeats.
func (d *delivery) store(ctx, sending context.Context) {
	if !d.dueToStore() && !d.older(1) || d.saved != nil || sending.Err() != nil {
		return
	}
	trying, stop := context.WithCancel(ctx)
	if ctx.Err() != nil {
		stop()
		trying, stop = context.WithTimeout(sending, saveEvery) // and then anew
	}
	d.began = time.Now()
	d.saved, d.saving, d.savingPassed = make(chan error, 1), d.unsaved, d.passed
	d.passed = false
	position, saved := d.position.Clone(), d.saved
	d.beside.Go(func() {
		defer stop()
		saved <- d.stream.save(trying, sending, position)
	})
}

// dueToStore tells whether the position is worth a write, which costs relay and sidecar as much as publishing a hundred events:
// nothing else is on its way, so that whatever is left waits for it, half of the window would soon wait for it, or it was long ago.
func (d *delivery) dueToStore() bool {
	return d.unsaved > 0 && (d.flying == 0 || d.unsaved >= max(d.window.most/2, worthSaving) || time.Since(d.began) >= saveEvery) || d.passed && d.window.told()
}

func (d *delivery) written(err error) {
	d.saved = nil
	if err != nil {
		d.passed = d.passed || d.savingPassed
		return
	}
	d.unsaved -= d.saving
	d.renewed = d.began
}

// leave says what the next owner will publish again.
func (d *delivery) leave() {
	if d.unsaved > 0 {
		d.stream.Log.Warn().Int("events", d.unsaved).Msg("the last position was not stored in time: events come again")
	}
}

// older tells whether the last write is older than so many thirds of the lease. After one it is renewed; after two nothing is
// sent any more, since another relay may soon take the stream.
func (d *delivery) older(thirds int) bool {
	return d.stream.Lease > 0 && time.Since(d.renewed) >= d.stream.Lease/3*time.Duration(thirds)
}

// pause is how long there is nothing to do unless something happens.
func (d *delivery) pause() time.Duration {
	if d.more {
		return 0
	}
	now := time.Now()
	pause := time.Hour
	for _, until := range []time.Time{d.window.nextDue(now), d.outage.again, d.launched.Add(besideAfter), d.began.Add(saveEvery), d.renewed.Add(d.stream.Lease / 3)} {
		if until.After(now) {
			pause = min(pause, until.Sub(now))
		}
	}
	return pause
}
