package relay_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

// every returns a filter that wants one event in so many, and cannot judge the one with the key in doubt.
func every(n, doubt int32) func(*event.Event) (bool, error) {
	return func(e *event.Event) (bool, error) {
		if e.Key == doubt {
			return true, errors.New("no such function")
		}
		return e.Key%n == 0, nil
	}
}

func TestWhatTheFilterDoesNotWantIsPassedAndWhatItCannotJudgeIsRelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		history := relaytest.NewHistory(10000, 7, begin)
		history.PageSize = 1000
		r := newRig(t, history)
		r.filter = every(100, 77)
		r.start()
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		taken := r.topic.Taken()
		if len(taken) != 101 || taken[0].Key != 77 || taken[1].Key != 100 {
			t.Fatalf("%d events were relayed, want 100 and the one in doubt", len(taken))
		}
		if position, _ := r.positions.Position(streamID); position.Key != 10000 {
			t.Errorf("the stored position is at key %d", position.Key)
		}
		r.start() // what is not wanted is not wanted again
		time.Sleep(time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if n := len(r.topic.Taken()); n != 101 {
			t.Errorf("%d events after a second run", n)
		}
	})
}

// The position never comes past an event that is wanted and not acknowledged, however many follow that are not wanted.
func TestNothingIsPassedBeforeWhatIsBeforeItIsAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		history := relaytest.NewHistory(20000, 7, begin)
		history.PageSize = 1000
		r := newRig(t, history)
		r.filter = every(7000, 0)
		var down outage
		r.topic.Err = down.err
		r.topic.OnTake(func(e event.Event) {
			if e.Key == 7000 {
				down.on.Store(true)
			}
		})
		r.start()
		time.Sleep(10 * time.Minute)
		if position, _ := r.positions.Position(streamID); position.Key >= 14000 {
			t.Errorf("the stored position is at key %d, and event 14000 was not taken", position.Key)
		}
		down.on.Store(false)
		time.Sleep(10 * time.Minute)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		if n := len(r.topic.Taken()); n != 2 {
			t.Errorf("%d events were relayed", n)
		}
	})
}

// A stream that wants nothing for hours stores how far it has come all the same.
func TestThePositionIsStoredThoughNothingIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, relaytest.NewHistory(100, 7, begin))
		r.filter = func(*event.Event) (bool, error) { return false, nil }
		r.lease = 9 * time.Second
		r.start()
		time.Sleep(time.Minute)
		if position, _ := r.positions.Position(streamID); position.Key != 100 {
			t.Errorf("the stored position is at key %d", position.Key)
		}
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
	})
}

// A filter may take long. The position, the lease and what is on its way do not wait for the end of a page.
func TestASlowFilterHoldsUpNeitherLeaseNorPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		history := relaytest.NewHistory(1000, 7, begin)
		history.PageSize = 1000
		r := newRig(t, history)
		r.lease, r.positions.Lease = 9*time.Second, 9*time.Second
		r.filter = func(*event.Event) (bool, error) {
			time.Sleep(50 * time.Millisecond)
			return true, nil
		}
		r.start()
		for range 50 {
			time.Sleep(time.Second)
			if _, _, err := r.positions.Owner().Acquire(t.Context(), streamID); !errors.Is(err, event.ErrHeld) {
				t.Fatal("the lease has ended", err)
			}
		}
		time.Sleep(10 * time.Second)
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		r.wantAll(1)
	})
}
