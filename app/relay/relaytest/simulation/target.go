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
type target struct {
	day     *day
	process *process
}

// Publish is relay.Publisher.
func (t *target) Publish(ctx context.Context, events []event.Event) error {
	err := t.publish(ctx, events)
	if err != nil && !t.process.isDead() {
		t.day.note(judge.Step{Act: judge.Refused, Process: t.process.number})
	}
	return err
}

func (t *target) publish(ctx context.Context, events []event.Event) error {
	d := t.day
	if t.process.isDead() {
		return errDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	attempt := d.nextAttempt()
	latency := between(t.process.takes, time.Millisecond, 8*time.Millisecond)
	if d.trouble.take("target slow") {
		latency = between(t.process.takes, time.Second, 10*time.Second)
	}
	err := pass(ctx, t.process, latency)
	half := len(events) / 2
	switch {
	case err != nil:
		if t.process.takes.IntN(2) == 0 { // it had arrived all the same
			t.taken(attempt, events)
		}
		return err
	case d.isOut(&d.targetOut):
		return errNoBroker
	case d.trouble.take("publish refused"):
		return errNoBroker
	case len(events) > 1 && d.trouble.take("publish half taken"):
		t.taken(attempt, events[:half])
		return errNoBroker
	case d.trouble.take("acknowledgement lost"):
		t.taken(attempt, events)
		return errNoAnswer
	case d.trouble.take("crash before acknowledgement"):
		t.taken(attempt, events)
		t.process.crash(true)
		return errDead
	}
	t.taken(attempt, events)
	d.note(judge.Step{Act: judge.Accepted, Process: t.process.number, Attempt: attempt, Events: len(events)})
	if d.trouble.take("crash after acknowledgement") {
		t.process.crash(true)
	}
	return nil
}

// SetAside is relay.Publisher. Nothing is refused for what it is on a simulated day, so a relay that sets something aside has
// taken an outage for that.
func (t *target) SetAside(_ context.Context, e *event.Event, reason string) error {
	t.day.fault("%s was set aside: %s", e.ID(), reason)
	return nil
}

// taken keeps what the target has, in any order.
func (t *target) taken(attempt int, events []event.Event) {
	t.day.log.Trace().Int("process", t.process.number).Int("attempt", attempt).Int("events", len(events)).Str("first", events[0].ID()).
		Bool("late", events[0].Late).Msg("SIMULATION: taken")
	for _, i := range t.process.takes.Perm(len(events)) {
		e := &events[i]
		t.day.note(judge.Step{Act: judge.Taken, Process: t.process.number, Attempt: attempt, Delivery: judge.Delivery{
			ID: e.ID(), Type: e.Type(), Late: e.Late, Data: string(e.Data),
		}})
	}
}
