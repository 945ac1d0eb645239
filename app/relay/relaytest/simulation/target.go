package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation/judge"
)

var (
	errNoBroker = errors.New("broker is not available")
	errNoAnswer = errors.New("no answer from the sidecar")
)

// target is what a process publishes to; it is relay.Publisher. A broker takes the events of a call side by side, so their
// order is drawn.
type target struct{ *stream }

// Publish is relay.Publisher.
func (t *target) Publish(ctx context.Context, events []event.Event) error {
	err := t.publish(ctx, events)
	if err != nil && !t.process.isDead() {
		t.route.note(judge.Step{Act: judge.Refused, Process: t.number()})
	}
	return err
}

func (t *target) publish(ctx context.Context, events []event.Event) error {
	r := t.route
	if t.process.isDead() {
		return errDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	attempt := r.nextAttempt()
	latency := between(t.takes, time.Millisecond, 8*time.Millisecond)
	if r.trouble.take("target slow") {
		latency = between(t.takes, time.Second, 10*time.Second)
	}
	err := pass(ctx, t.process, latency)
	half := len(events) / 2
	switch {
	case err != nil:
		if t.takes.IntN(2) == 0 { // it had arrived all the same
			t.taken(attempt, events)
		}
		return err
	case r.isOut():
		return errNoBroker
	case r.trouble.take("publish refused"):
		return errNoBroker
	case len(events) > 1 && r.trouble.take("publish half taken"):
		t.taken(attempt, events[:half])
		return errNoBroker
	case r.trouble.take("acknowledgement lost"):
		t.taken(attempt, events)
		return errNoAnswer
	case r.trouble.take("crash before acknowledgement"):
		t.taken(attempt, events)
		t.process.crash(true)
		return errDead
	}
	t.taken(attempt, events)
	r.note(judge.Step{Act: judge.Accepted, Process: t.number(), Attempt: attempt, Events: len(events)})
	if r.trouble.take("crash after acknowledgement") {
		t.process.crash(true)
	}
	return nil
}

// SetAside is relay.Publisher. Nothing is refused for what it is on a simulated day, so a relay that sets something aside has
// taken an outage for that.
func (t *target) SetAside(_ context.Context, e *event.Event, reason string) error {
	t.process.day.fault("%s was set aside: %s", e.ID(), reason)
	return nil
}

// taken keeps what the target has, in any order.
func (t *target) taken(attempt int, events []event.Event) {
	t.process.day.log.Trace().Int("process", t.process.number).Int("stream", t.route.number).Int("attempt", attempt).Int("events", len(events)).Str("first", events[0].ID()).
		Bool("late", events[0].Late).Msg("SIMULATION: taken")
	for _, i := range t.takes.Perm(len(events)) {
		e := &events[i]
		t.route.note(judge.Step{Act: judge.Taken, Process: t.number(), Attempt: attempt, Delivery: judge.Delivery{
			ID: e.ID(), Type: e.Type(), Late: e.Late, Data: string(e.Data),
		}})
	}
}
