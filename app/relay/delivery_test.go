package relay

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vcrelay/vcrelay/app/event"
)

// inbox takes everything, and counts what was set aside.
type inbox struct{ taken, aside int }

func (i *inbox) Publish(_ context.Context, events []event.Event) error {
	i.taken += len(events)
	return nil
}

func (i *inbox) SetAside(context.Context, *event.Event, string) error {
	i.aside++
	return nil
}

func deliver(to Publisher) *delivery {
	s := &Stream{Publisher: to, Observer: NewObserver(prometheus.NewRegistry(), "fake", "default", "fake")}
	return newDelivery(s, new(event.Position), time.Now())
}

// What the position came past without an event that is wanted counts as stored once its write has begun. The id of an announcement begins
// there, so it has to wait until the write is done.
func TestAnAnnouncementWaitsForAWriteOfThePositionThatIsOnItsWay(t *testing.T) {
	told, err := event.Gap{Kind: event.KindRewound, Reason: "test", FromKey: 1, ToKey: 2}.Announce(&event.Origin{InstanceUUID: "3c0f7a10"})
	if err != nil {
		t.Fatal(err)
	}
	to := new(inbox)
	d := deliver(to)
	d.window.add(&told, 0)
	d.saved = make(chan error, 1)
	d.send(t.Context())
	d.beside.Wait()
	if to.taken != 0 {
		t.Error("it was sent while the position was being written")
	}
	d.written(nil)
	d.send(t.Context())
	d.beside.Wait()
	if to.taken != 1 {
		t.Errorf("%d events were sent after the write", to.taken)
	}
}

// An event that the target has is sent again to learn whether anything is taken. As a dead letter it would tell of a loss that is none,
// and nothing about the target.
func TestAnEventThatTheTargetHasIsNeverSetAside(t *testing.T) {
	to := new(inbox)
	d := deliver(to)
	d.window.add(&event.Event{Key: 1}, 0)
	e := d.window.entries[0]
	e.alone = failsToGiveUp // refused so often, and taken after all
	d.window.mark(d.window.entries, done)
	d.launch(t.Context(), []*entry{e}, time.Now())
	d.beside.Wait()
	if to.taken != 1 || to.aside != 0 {
		t.Errorf("%d events were sent and %d set aside", to.taken, to.aside)
	}
	if r := <-d.results; !r.canary || r.aside {
		t.Errorf("the result counts as that of a new event: %+v", r)
	}
}
