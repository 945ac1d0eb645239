package backends_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/test/backends"
)

var began = time.UnixMicro(1_795_000_000_000_000)

// at is so many seconds after the begin.
func at(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }

// id is that of an event created at a time.
func id(key int, created time.Time) string {
	return fmt.Sprintf("vc-1-%d-%d", key, created.UnixMicro())
}

var spans = []backends.Span{{Name: "start", Back: at(2)}, {Name: "kill", Began: at(10), Back: at(13)}}

func arrival(id string, seconds float64, outcome string) backends.Arrival {
	return backends.Arrival{ID: id, At: at(seconds), Outcome: outcome}
}

func TestAnEventCountsInThePhaseInWhichItWasCreated(t *testing.T) {
	log := []string{id(1, at(-500)), id(2, at(9.999999)), id(3, at(10)), id(4, at(11)), id(5, at(99))}
	phases, foreign := backends.Judge(log, spans, []backends.Arrival{
		arrival(log[0], 1, backends.Handled), // before the broker was there, as no event can: it says nothing of the return
		arrival(log[1], 14, backends.Handled),
		arrival(log[2], 12, backends.Handled),
		arrival(log[2], 15, backends.Handled),
		arrival(log[4], 100, backends.Handled),
		arrival("vc-1-announcement", 3, backends.Told),
	})
	check(t, phases[0], backends.Phase{Name: "start", Created: 2, Delivered: 2}, 12)
	check(t, phases[1], backends.Phase{Name: "kill", Created: 3, Delivered: 2, Lost: 1, Twice: 1}, 2)
	if foreign != 0 {
		t.Errorf("%d foreign events, want none", foreign)
	}
}

func TestARefusedEventIsLostUntilItIsADeadLetter(t *testing.T) {
	log := []string{id(1, at(11)), id(2, at(11))}
	arrivals := []backends.Arrival{
		arrival(log[0], 14, backends.Refused), arrival(log[0], 15, backends.Refused), arrival(log[1], 14, backends.Refused), arrival(log[0], 16, backends.Letter),
	}
	phases, _ := backends.Judge(log, spans, arrivals)
	check(t, phases[1], backends.Phase{Name: "kill", Created: 2, Delivered: 1, Lost: 1}, 3)
}

func TestADeadLetterThatTheFunctionDidNotRefuseIsNoOrdinaryDelivery(t *testing.T) {
	log := []string{id(1, at(11)), id(2, at(11)), id(3, at(11))}
	phases, _ := backends.Judge(log, spans, []backends.Arrival{
		arrival(log[0], 14, backends.Letter),
		arrival(log[1], 14, backends.Refused), arrival(log[1], 15, backends.Letter),
		arrival(log[2], 14, backends.Handled), arrival(log[2], 15, backends.Letter),
	})
	check(t, phases[1], backends.Phase{Name: "kill", Created: 3, Delivered: 3, Aside: 1, Twice: 1}, 1)
}

func TestAnEventUnderAnotherIDIsForeign(t *testing.T) {
	_, foreign := backends.Judge([]string{id(1, at(1))}, spans, []backends.Arrival{arrival(id(1, at(1.5)), 3, backends.Handled)})
	if foreign != 1 {
		t.Errorf("%d foreign events, want 1", foreign)
	}
}

func check(t *testing.T, got, want backends.Phase, again float64) {
	t.Helper()
	if got.Again == nil || *got.Again != again {
		t.Errorf("%s: arrivals again after %v, want %v s", got.Name, got.Again, again)
	}
	got.Again = nil
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOrderIsThatOfFirstCopiesWithinTheSpan(t *testing.T) {
	var arrivals []backends.Arrival
	for _, a := range []struct {
		key     int
		entity  string
		outcome string
	}{
		{1, "vm-1", backends.Handled},
		{3, "vm-1", backends.Handled},
		{1, "vm-1", backends.Handled}, // again
		{2, "vm-2", backends.Handled}, // behind 3 of the vCenter
		{5, "vm-2", backends.Handled},
		{4, "vm-2", backends.Handled}, // behind 5 of its entity
		{6, "vm-1", backends.Refused},
		{7, "", backends.Handled},
		{20, "vm-1", backends.Handled}, // beyond the span
		{8, "", backends.Handled},
	} {
		arrivals = append(arrivals, backends.Arrival{
			ID: id(a.key, at(float64(a.key))), At: at(30), Outcome: a.outcome, Entity: a.entity, Sequence: fmt.Sprintf("%016d", a.key),
		})
	}
	got := backends.JudgeOrder(arrivals, at(1), at(20))
	if want := (backends.Order{Events: 7, Entities: 2, BehindEntity: 1, Behind: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnArrivalSurvivesItsLine(t *testing.T) {
	want := backends.Arrival{ID: "a-1-2", At: at(0.000001), Outcome: backends.Handled, Entity: "VirtualMachine:vm-1", Sequence: "0001-1"}
	got, ok := backends.ParseArrival(want.Line())
	if !ok || !got.At.Equal(want.At) {
		t.Fatalf("read %+v, %v", got, ok)
	}
	if got.At = want.At; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, torn := range []string{"", "a\tb", "a\tb\tc\td\te", want.Line()[:30]} {
		if _, ok := backends.ParseArrival(torn); ok {
			t.Errorf("%q was read", torn)
		}
	}
}

func TestTheVerdictNamesWhatTheBackendDoesNotPromise(t *testing.T) {
	soon, late := 3.0, 91.0
	sound := func() backends.Result {
		return backends.Result{
			Phases:  []backends.Phase{{Name: backends.BrokerKilled, Created: 9, Delivered: 9, Again: &soon, Acked: &soon}, {Name: backends.LongOutage, Again: &soon}},
			Refused: 3, Letters: 3, Order: backends.Order{Events: 5},
		}
	}
	strict := backends.Backend{KeepsEntity: true}
	for fault, change := range map[string]func(r *backends.Result){
		"":                            func(*backends.Result) {},
		"events are lost":             func(r *backends.Result) { r.Phases[0].Lost = 1 },
		"nothing arrived within":      func(r *backends.Result) { r.Phases[1].Again = nil },
		"did not refuse":              func(r *backends.Result) { r.Phases[0].Aside = 1 },
		"more than two windows":       func(r *backends.Result) { r.Phases[0].Twice = 401 },
		"killed: nothing arrived":     func(r *backends.Result) { r.Phases[0].Again = &late },
		"nothing was acknowledged":    func(r *backends.Result) { r.Phases[0].Acked = &late },
		"2 of 3 refused events":       func(r *backends.Result) { r.Letters = 2 },
		"under ids that":              func(r *backends.Result) { r.Foreign = 1 },
		"behind a later one":          func(r *backends.Result) { r.Order.BehindEntity = 1 },
		"nothing is known of":         func(r *backends.Result) { r.Order.Events = 0 },
		"64 KiB was acknowledged and": func(r *backends.Result) { r.Largest.Lost = 64 << 10 },
	} {
		r := sound()
		change(&r)
		said := strings.Join(strict.Verdict(&r), "\n")
		if !strings.Contains(said, fault) || (fault == "") != (said == "") {
			t.Errorf("want %q, got %q", fault, said)
		}
	}
	lax := backends.Backend{Loses: map[string]string{backends.BrokerKilled: "it is lazy"}}
	r := sound()
	r.Phases[0].Lost, r.Order.BehindEntity = 1, 4
	if said := lax.Verdict(&r); len(said) > 0 {
		t.Errorf("what is known of a backend is held against it: %s", said)
	}
	r.Phases[1].Lost = 1
	if said := lax.Verdict(&r); len(said) != 1 {
		t.Errorf("what is lost in another phase is not held against it: %s", said)
	}
}
