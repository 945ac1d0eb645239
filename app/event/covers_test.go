package event_test

import (
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

func TestAPositionCoversAnotherOfTheSamePlaceWhoseEventsItHasDone(t *testing.T) {
	fill := func(change func(p *event.Position)) event.Position {
		p := event.Position{Start: created.Add(-time.Hour), Clock: event.Clock{Theirs: created, Ours: created}}
		for key := range int32(200) {
			if key%7 != 0 {
				p.Advance(at(key, created.Add(time.Duration(key)*time.Second)))
			}
		}
		p.Settle(created.Add(100 * time.Second))
		if change != nil {
			change(&p)
		}
		return p
	}
	late := func(key int32) func(p *event.Position) {
		return func(p *event.Position) {
			e := at(key, created.Add(time.Duration(key)*time.Second))
			e.Late = true
			p.Advance(e)
		}
	}
	for name, c := range map[string]struct {
		p, other func(p *event.Position)
		want     bool
	}{
		"the same":          {nil, nil, true},
		"a late event more": {late(140), nil, true},
		"a late event less": {nil, late(140), false},
		"an event more":     {func(p *event.Position) { p.Advance(at(200, created.Add(200*time.Second))) }, nil, false},
		"another epoch":     {func(p *event.Position) { p.Epoch++ }, nil, false},
		"settled later":     {func(p *event.Position) { p.Settle(created.Add(150 * time.Second)) }, nil, true},
		"settled so late that it may have forgotten what the other yet brings": {func(p *event.Position) { p.Settle(created.Add(190 * time.Second)) }, nil, false},
		"settled earlier":               {nil, func(p *event.Position) { p.Settle(created.Add(190 * time.Second)) }, false},
		"a later start":                 {func(p *event.Position) { p.Start = created.Add(150 * time.Second) }, nil, true},
		"an earlier start":              {nil, func(p *event.Position) { p.Start = created.Add(150 * time.Second) }, false},
		"an earlier start, a while ago": {nil, func(p *event.Position) { p.Start = created }, false},
		"an earlier start, long ago": {
			func(p *event.Position) { p.Start = created.Add(-50 * time.Hour) },
			func(p *event.Position) { p.Start = created.Add(-25 * time.Hour) }, true,
		},
		"vCenter's clock has gone back between": {nil, func(p *event.Position) { p.Clock.Theirs = created.Add(-2 * time.Second) }, false},
		"the same by another look at both clocks": {nil, func(p *event.Position) {
			p.Clock = event.Clock{Theirs: created.Add(time.Hour), Ours: created.Add(time.Hour)}
		}, true},
	} {
		p, other := fill(c.p), fill(c.other)
		if got := p.Covers(&other); got != c.want {
			t.Errorf("%s: covered is %v", name, got)
		}
	}
}

func TestAFirstStartIsNotGivenAReaderOfOldHistory(t *testing.T) {
	now := event.Position{Start: created, Settled: created}
	for before, want := range map[time.Duration]bool{0: true, time.Second: true, time.Hour: false, -10 * time.Second: false} {
		other := event.Position{Start: created.Add(-before), Settled: created.Add(-before)}
		if got := now.Covers(&other); got != want {
			t.Errorf("begun %s before: covered is %v", before, got)
		}
	}
}
