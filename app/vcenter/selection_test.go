package vcenter_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// about are the events about some machines only.
func about(machines ...string) func(*history.Row) bool {
	return func(row *history.Row) bool {
		for _, machine := range machines {
			if row.Body == machine {
				return true
			}
		}
		return false
	}
}

// commit stores n events about each machine in turn, a second apart.
func (l *lab) commit(n int, machines ...string) {
	for range n {
		for _, machine := range machines {
			l.db.Commit(machine)
			<-time.After(time.Second)
		}
	}
}

// The last event that was relayed is still there, only nobody asks for such events any more.
func TestAnotherSelectionIsNoPurge(t *testing.T) {
	for name, pause := range map[string]time.Duration{"at once": 0, "after hours": 3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
				l.asksFor = about("vm-1")
				f := l.follow(event.Position{Start: l.now()})
				l.commit(50, "vm-1", "vm-2", "vm-3")
				before := f.end()
				l.asksFor = about("vm-2")
				<-time.After(pause)
				again := l.follow(f.position)
				l.commit(50, "vm-1", "vm-2", "vm-3")
				<-time.After(5 * time.Minute)
				after := again.end()
				fresh := 0
				for i := range after {
					if after[i].Entity.Value != "vm-2" && !after[i].IsAnnouncement() {
						t.Errorf("event %d is about %s", after[i].Key, after[i].Entity.Value)
					}
					if after[i].Key > 150 {
						fresh++
					}
				}
				if len(before) != 50 || fresh != 50 || len(kinds(after)) > 0 {
					t.Errorf("%d before, %d of %d after, announced %v", len(before), fresh, len(after), kinds(after))
				}
			})
		})
	}
}

// How long ago the last wanted event was does not matter: what is newly wanted since then was not relayed.
func TestAWiderSelectionBringsWhatItNewlyWantsSinceTheLastWantedEvent(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		l.asksFor = about("vm-1")
		f := l.follow(event.Position{Start: l.now()})
		l.commit(5, "vm-1")
		for range 48 {
			l.commit(1, "vm-2")
			<-time.After(time.Hour)
		}
		before := f.end()
		l.asksFor = nil
		again := l.follow(f.position)
		<-time.After(5 * time.Minute)
		l.expectAll(append(before, again.end()...))
		if len(before) != 5 || len(kinds(again.events)) > 0 {
			t.Errorf("%d events before, announced %v", len(before), kinds(again.events))
		}
	})
}

func TestAPurgeIsAnnouncedAlsoWithAnotherSelection(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		l.asksFor = about("vm-1")
		f := l.follow(event.Position{Start: l.now()})
		l.commit(50, "vm-1", "vm-2")
		f.end()
		l.asksFor = about("vm-2")
		l.commit(50, "vm-1", "vm-2")
		l.db.Purge(l.now())
		again := l.follow(f.position)
		l.commit(10, "vm-1", "vm-2")
		<-time.After(time.Minute)
		if after := again.end(); len(after) != 11 || after[0].Kind() != event.KindGap {
			t.Errorf("%d events, announced %v", len(after), kinds(after))
		}
	})
}

// A sweep that looks for an event that nobody asks for would take the others for hidden ones.
func TestASweepDoesNotLookForWhatIsNotAskedForAnyMore(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		l.asksFor = about("vm-1")
		f := l.follow(event.Position{Start: l.now()})
		l.commit(5, "vm-1")
		for range 2 {
			l.commit(1, "vm-2")
			for range 1500 {
				l.db.Commit("vm-3")
			}
		}
		l.commit(5, "vm-1")
		f.end()
		l.asksFor = about("vm-2")
		again := l.follow(f.position)
		<-time.After(10 * time.Minute)
		if after := again.end(); len(after) != 2 || len(kinds(after)) > 0 {
			t.Errorf("%d events, announced %v", len(after), kinds(after))
		}
	})
}

// vCenter sends its event about a burst by the severity of that event, not of those that were left out.
func TestWhoAsksForSeveritiesHearsOfBurstsInTheirOwn(t *testing.T) {
	server := simulate(t, nil)
	server.Post(&types.EventEx{EventTypeId: vcenter.BurstCompressed, Severity: "warning"})
	server.Post(&types.EventEx{EventTypeId: "com.example.last", Severity: "warning"})
	server.Post(&types.EventEx{EventTypeId: "com.example.last", Severity: "error"})
	for severity, want := range map[string][]event.Kind{"warning": {event.KindCompressed}, "error": nil} {
		config := settings(t, server)
		config.Filter.Severities = []string{severity}
		source := connect(t, config)
		var events []event.Event
		for len(events) == 0 || events[len(events)-1].TypeID != "com.example.last" {
			events = read(t, source, event.Position{}, len(events)+1)
		}
		if got := kinds(events); !slices.Equal(got, want) {
			t.Errorf("%s: announced %v, want %v", severity, got, want)
		}
	}
}
