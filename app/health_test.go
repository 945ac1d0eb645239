package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vcrelay/vcrelay/app/relay"
)

func plansOf(names ...string) (plans []relay.Plan) {
	for _, name := range names {
		plans = append(plans, relay.Plan{Name: name})
	}
	return plans
}

func well() error { return nil }

func away() error { return errors.New("connection refused") }

func TestEveryIllStreamIsToldWhileAnotherIsWell(t *testing.T) {
	var h health
	if h.Err() == nil || h.Ill() != nil {
		t.Errorf("before the start: %v, ill: %v", h.Err(), h.Ill())
	}
	h.plan(plansOf("a", "b", "c", "d"))
	h.note("b", well)
	h.note("d", away)
	if err := h.Err(); err != nil {
		t.Errorf("one is well: %v", err)
	}
	if got, want := h.Ill().Error(), "a: not reached yet\nc: not reached yet\nd: connection refused"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	h.forget("b")
	if err := h.Err(); err == nil || strings.Count(err.Error(), "\n") != 3 || !strings.Contains(err.Error(), "b: not running") {
		t.Errorf("none is well: %v", err)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		h.note(name, well)
	}
	if h.Err() != nil || h.Ill() != nil {
		t.Errorf("all are well: %v, ill: %v", h.Err(), h.Ill())
	}
}

// A vCenter is taken out of the fleet file while it is away, and what reaches for it then ends.
func TestAStreamThatIsNotPlannedAnyMoreIsNotTold(t *testing.T) {
	var h health
	h.plan(plansOf("a", "b"))
	h.note("a", well)
	h.note("b", away)
	h.plan(plansOf("a", "c"))
	h.note("b", away)
	h.forget("b")
	if got, want := h.Ill().Error(), "c: not reached yet"; got != want || h.Err() != nil {
		t.Errorf("told %q, want %q; %v", got, want, h.Err())
	}
}

// All streams share the sidecar: one that waits for it for ever would leave its own target alone for as long.
func TestARestartOfASidecarThatHangsIsGivenUpAndTriedAgainMuchLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		h := &healer{restart: func(ctx context.Context) error { asked++; <-ctx.Done(); return ctx.Err() }}
		began := time.Now()
		if err := h.heal(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took > healTimeout {
			t.Errorf("given up after %s", took)
		}
		if err := h.heal(t.Context()); err != nil || asked != 1 {
			t.Errorf("another stream that asks at once: %v, the sidecar was asked %d times", err, asked)
		}
		<-time.After(healPause)
		if err := h.heal(t.Context()); err == nil || asked != 2 {
			t.Errorf("after %s: %v, the sidecar was asked %d times", healPause, err, asked)
		}
	})
}
