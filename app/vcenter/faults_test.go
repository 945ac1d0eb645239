package vcenter_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

func TestAnEventThatIsCommittedLateComesMarkedLate(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		l.latestByTime = true
		f := l.follow(event.Position{Start: l.now()})
		l.add(5, time.Second)
		late := l.db.CommitLate("vm-2")
		l.add(50, time.Second)
		late.Commit()
		<-time.After(4 * time.Minute)
		l.add(1, 4*time.Minute)
		events := f.end()
		l.expectAll(events)
		for i := range events {
			if wanted := events[i].Key == late.Row().Key && i > 5; events[i].Late != wanted {
				t.Errorf("event %d: late is %v", events[i].Key, events[i].Late)
			}
		}
	})
}

// Events go on being committed late, each some while after the sweep before: none may fall between two sweeps.
func TestNoLateCommitFallsBetweenTwoSweeps(t *testing.T) {
	for _, lateness := range []int{2, 20, 55} {
		eachOrder(t, history.Options{}, func(_ *testing.T, l *lab) {
			l.latestByTime = true
			f := l.follow(event.Position{Start: l.now()})
			waiting := make(map[int]*history.Late)
			for second := range 900 {
				l.add(1, 500*time.Millisecond)
				if second%11 == 0 {
					waiting[second+lateness] = l.db.CommitLate("vm-2")
				}
				if late := waiting[second]; late != nil {
					late.Commit()
				}
				<-time.After(500 * time.Millisecond)
			}
			for second := 900; second < 1000; second++ {
				if late := waiting[second]; late != nil {
					late.Commit()
				}
				<-time.After(time.Second)
			}
			<-time.After(5 * time.Minute)
			l.expectAll(f.end())
		})
	}
}

// What is not settled begins behind a missing key: that may be one to come, too.
func TestALateCommitBelowAllThatIsNotSettledIsNotLost(t *testing.T) {
	for key := range int32(64) { // wherever it stands among those that are remembered together
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, history.Options{FirstKey: 64 + key})
			l.version = "9.0.0.0"
			f := l.follow(event.Position{Start: l.now()})
			l.add(200, time.Second)
			<-time.After(49 * time.Second)
			l.db.CommitLate("never") // so that it is swept often
			late := l.db.CommitLate("vm-2")
			l.add(5, 10*time.Second)
			late.Commit()
			<-time.After(3 * time.Minute)
			l.add(1, 3*time.Minute)
			l.expectAll(f.end())
		})
	}
}

// The same is true for who begins to read anew.
func TestALateCommitBelowAllThatIsReadAgainIsNotLost(t *testing.T) {
	for key := range int32(64) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, history.Options{FirstKey: 64 + key})
			l.version = "9.0.0.0"
			f := l.follow(event.Position{Start: l.now()})
			l.add(200, time.Second)
			<-time.After(10 * time.Minute)
			late := l.db.CommitLate("vm-2")
			l.add(2, time.Second)
			first := f.end()
			late.Commit()
			again := l.follow(f.position)
			l.add(5, time.Minute)
			l.expectAll(append(first, again.end()...))
		})
	}
}

// A collector that does not order by time has what became visible late behind the hole, though it is older.
func TestALateCommitBehindAHoleIsNotLost(t *testing.T) {
	eachOrder(t, history.Options{StuckInHole: true}, func(_ *testing.T, l *lab) {
		l.db.Hide(func(row *history.Row) bool { return row.Body == "hidden" })
		l.latestByTime = true
		f := l.follow(event.Position{Start: l.now()})
		l.add(200, time.Second)
		late := l.db.CommitLate("vm-2")
		l.add(10, time.Second)
		for i := range 3000 {
			l.db.Commit("hidden")
			<-time.After(3 * time.Millisecond)
			if i == 2500 { // behind a page of nothing else
				late.Commit()
			}
		}
		l.add(300, time.Second)
		<-time.After(5 * time.Minute)
		l.expectAll(f.end())
	})
}

// The newest event is one that came late before the hole, so to have met it says nothing about what lies behind.
func TestALateCommitBehindAHoleIsNotLostThoughTheNewestIsBeforeIt(t *testing.T) {
	eachOrder(t, history.Options{StuckInHole: true}, func(_ *testing.T, l *lab) {
		l.db.Hide(func(row *history.Row) bool { return row.Body == "hidden" })
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		before := l.db.CommitLate("vm-2")
		for range 3000 {
			l.db.Commit("hidden")
			<-time.After(time.Millisecond)
		}
		behind := l.db.CommitLate("vm-3")
		l.add(5, time.Second)
		<-time.After(45 * time.Second)
		behind.Commit()
		before.Commit()
		<-time.After(5 * time.Minute)
		l.add(5, time.Minute)
		l.expectAll(f.end())
	})
}

func TestALateCommitAcrossARestartIsNotLost(t *testing.T) {
	eachOrder(t, history.Options{}, func(_ *testing.T, l *lab) {
		l.latestByTime = true
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		late := l.db.CommitLate("vm-2")
		l.add(55, time.Second)
		late.Commit()
		l.add(5, time.Second)
		first := f.end()
		<-time.After(10 * time.Minute)
		l.add(90, time.Second)
		again := l.follow(f.position)
		l.add(90, time.Second)
		<-time.After(4 * time.Minute)
		l.expectAll(append(first, again.end()...))
	})
}

func TestKeysThatWrapInTheMiddleOfAPageAreReadOn(t *testing.T) {
	for name, options := range map[string]history.Options{
		"to negative keys": {FirstKey: 2_147_483_647 - 1500},
		"to 1":             {FirstKey: 2_147_480_000 - 1500, MaxKey: 2_147_480_000, WrapTo: 1},
	} {
		t.Run(name, func(t *testing.T) {
			eachOrder(t, options, func(t *testing.T, l *lab) {
				l.add(1000, 10*time.Millisecond)
				f := l.follow(event.Position{})
				<-time.After(time.Second)
				l.add(1000, 0) // the wrap is among them
				l.add(500, 100*time.Millisecond)
				<-time.After(5 * time.Minute)
				l.add(1, 3*time.Minute)
				events := f.end()
				l.expectAll(events)
				if got := kinds(events); !slices.Contains(got, event.KindRewound) {
					t.Errorf("announced was %v", got)
				}
				if f.position.Epoch == 0 {
					t.Error("the epoch is the same")
				}
			})
		})
	}
}

func TestAVCenterThatIsRestoredFromABackupIsReadOn(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		f := l.follow(event.Position{Start: l.now()})
		l.add(400, time.Second)
		before := f.end()
		backup := l.now().Add(-5 * time.Minute)
		<-time.After(5 * time.Minute)
		l.db.Restore(backup)
		<-time.After(5 * time.Minute)
		again := l.follow(f.position)
		l.add(500, time.Second)
		<-time.After(5 * time.Minute)
		events := append(before, again.end()...)
		l.expectAll(events)
		if got := kinds(events); !slices.Equal(got, []event.Kind{event.KindRewound}) {
			t.Errorf("announced was %v", got)
		}
	})
}

// History goes on being settled after the position was stored, and a crash forgets that.
func TestARestoreThatIsToldAgainAfterACrashHasTheSameID(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		f := l.follow(event.Position{Start: l.now()})
		l.add(200, time.Second)
		f.mu.Lock()
		stored := f.position.Clone()
		f.mu.Unlock()
		<-time.After(4 * time.Minute)
		f.end()
		l.db.Restore(l.now().Add(-6 * time.Minute))
		<-time.After(3 * time.Minute)
		l.add(5, time.Second)
		told := func(position event.Position) (ids []string) {
			again := l.follow(position)
			<-time.After(time.Minute)
			for _, e := range again.end() {
				if e.IsAnnouncement() {
					ids = append(ids, e.ID())
				}
			}
			return ids
		}
		if first, second := told(f.position), told(stored); len(first) != 1 || !slices.Equal(first, second) {
			t.Errorf("announced was %v, and then %v", first, second)
		}
	})
}

// The backup is from before the keys began anew at 1, so they go back by going up.
func TestARestoreToBeforeAWrapIsNoticed(t *testing.T) {
	eachOrder(t, history.Options{FirstKey: math.MaxInt32 - 300, WrapTo: 1}, func(t *testing.T, l *lab) {
		f := l.follow(event.Position{Start: l.now()})
		l.add(400, time.Second)
		<-time.After(time.Minute)
		before := f.end()
		l.db.Restore(l.now().Add(-5 * time.Minute))
		<-time.After(5 * time.Minute)
		again := l.follow(f.position)
		l.add(500, time.Second)
		<-time.After(5 * time.Minute)
		events := append(before, again.end()...)
		l.expectAll(events)
		if got := kinds(events); !slices.Equal(got, []event.Kind{event.KindRewound, event.KindRewound, event.KindRewound}) {
			t.Errorf("announced was %v", got)
		}
	})
}

// By key, what was created before the keys became negative stands behind the hole.
func TestAHoleAfterAWrapHidesNothingFromBefore(t *testing.T) {
	eachOrder(t, history.Options{FirstKey: math.MaxInt32 - 300, StuckInHole: true}, func(_ *testing.T, l *lab) {
		l.db.Hide(func(row *history.Row) bool { return row.Body == "hidden" })
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		before := f.end()
		l.add(300, time.Second)
		for range 2500 {
			l.db.Commit("hidden")
			<-time.After(10 * time.Millisecond)
		}
		l.add(10, time.Second)
		again := l.follow(f.position)
		<-time.After(5 * time.Minute)
		l.add(10, time.Second)
		<-time.After(5 * time.Minute)
		l.expectAll(append(before, again.end()...))
	})
}

func TestAPurgePastThePositionIsAnnounced(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		before := f.end()
		l.add(100, time.Second)
		l.db.Purge(l.now())
		l.add(10, time.Second)
		again := l.follow(f.position)
		<-time.After(time.Minute)
		after := again.end()
		if len(before) != 100 || len(after) != 11 || after[0].Kind() != event.KindGap {
			t.Fatalf("%d before, %d after, announced %v", len(before), len(after), kinds(after))
		}
		var gap event.Gap
		if err := json.Unmarshal(after[0].Data, &gap); err != nil || gap.FromKey > 100 || gap.ToKey != 201 {
			t.Errorf("the gap is %s: %v", after[0].Data, err)
		}
	})
}

// After a restore the keys of events that were purged unread may end just where those that were relayed did.
func TestAPurgeUpToTheNextKeyIsAnnounced(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		f := l.follow(event.Position{Start: l.now()})
		l.add(400, time.Second)
		f.end()
		l.db.Restore(l.now().Add(-5 * time.Minute))
		<-time.After(5 * time.Minute)
		for next := int32(0); next < 400; {
			next = l.db.Commit("vm-1").Key
		}
		<-time.After(time.Second)
		l.db.Purge(l.now())
		l.add(10, time.Second)
		again := l.follow(f.position)
		<-time.After(time.Minute)
		if after := again.end(); len(after) != 11 || after[0].Kind() != event.KindGap {
			t.Errorf("%d after, announced %v", len(after), kinds(after))
		}
	})
}

// The announcement stands before the first event behind the hole: after a crash behind it nothing tells of it any more.
func TestAPurgeWhileTheCallerWasAwayIsAnnouncedAtOnce(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		source := l.source()
		defer source.Close(t.Context())
		reader, err := source.Open(t.Context(), event.Position{Start: l.now()})
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close(t.Context())
		l.add(10, time.Second)
		next := func() []event.Event {
			page, err := reader.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return page.Events
		}
		for range 60 { // until nothing is new for a while
			next()
		}
		l.add(120, time.Minute)
		l.db.Purge(l.now().Add(-61 * time.Minute))
		events := next()
		for len(events) == 0 {
			events = next()
		}
		if events[0].Kind() != event.KindGap {
			t.Errorf("%d events from key %d on, announced %v", len(events), events[0].Key, kinds(events))
		}
	})
}

func TestAHistoryThatIsWholeGetsNoGap(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		<-time.After(3 * time.Hour)
		before := f.end()
		l.db.Purge(l.now().Add(-3*time.Hour - time.Second)) // what was read, all but the last
		<-time.After(3 * time.Hour)
		again := l.follow(f.position)
		l.add(100, time.Second)
		events := append(before, again.end()...)
		if len(events) != 200 || len(kinds(events)) > 0 {
			t.Errorf("%d events, announced %v", len(events), kinds(events))
		}
	})
}

func TestAPurgeThatOvertakesTheReaderIsAnnounced(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		l.add(20_000, 100*time.Millisecond)
		<-time.After(24 * time.Hour)
		l.answer = func(items []vcenter.Item) ([]vcenter.Item, error) {
			<-time.After(10 * time.Second) // a slow vCenter
			return items, nil
		}
		f := l.follow(event.Position{})
		<-time.After(45 * time.Second)
		l.db.PurgeCount(10_000)
		<-time.After(10 * time.Minute)
		l.answer = nil
		events := f.end()
		came := make(map[int32]bool)
		announced := func(int32) bool { return false }
		for i := range events {
			came[events[i].Key] = true
			var gap event.Gap
			if events[i].Kind() == event.KindGap && json.Unmarshal(events[i].Data, &gap) == nil {
				announced = func(key int32) bool { return gap.FromKey < key && key < gap.ToKey }
			}
		}
		for key := int32(1); key <= 20_000; key++ {
			if !came[key] && !announced(key) {
				t.Fatalf("event %d is missing; announced was %v", key, kinds(events))
			}
		}
	})
}

func TestAHoleOfEventsThatTheAccountMayNotSeeIsPassed(t *testing.T) {
	for _, options := range []history.Options{{StuckInHole: true, LatestHidden: true}, {StuckInHole: true}, {LatestHidden: true}, {}} {
		eachOrder(t, options, func(t *testing.T, l *lab) {
			l.db.Hide(func(row *history.Row) bool { return row.Body == "hidden" })
			f := l.follow(event.Position{Start: l.now()})
			l.add(100, time.Second)
			for range 5000 { // faster than the reader gets to see
				l.db.Commit("hidden")
			}
			<-time.After(time.Second)
			l.add(3, time.Second)
			began := time.Now()
			<-time.After(2 * time.Minute)
			l.add(100, time.Second)
			<-time.After(2 * time.Minute)
			events := f.end()
			l.expectAll(events)
			if len(f.at) > 102 && f.at[102].Sub(began) > time.Minute {
				t.Errorf("the first event behind the hole came after %s", f.at[102].Sub(began))
			}
		})
	}
}

// Neighbours in the order of commits need not have neighbouring keys.
func TestNoHoleIsAnnouncedAmongKeysThatWereRead(t *testing.T) {
	eachOrder(t, history.Options{LatestHidden: true}, func(t *testing.T, l *lab) {
		l.db.Hide(func(row *history.Row) bool { return row.Body == "hidden" })
		f := l.follow(event.Position{Start: l.now()})
		l.add(10, time.Second)
		hidden := l.db.CommitLate("hidden")
		first := l.db.CommitLate("vm-2")
		l.add(1200, 0)
		last := l.db.CommitLate("vm-2")
		<-time.After(time.Second)
		first.Commit()
		last.Commit()
		hidden.Commit() // so that a scan does not meet the newest event, and goes on by slices of time
		<-time.After(10 * time.Minute)
		events := f.end()
		l.expectAll(events)
		if len(kinds(events)) > 0 {
			t.Errorf("announced was %v", kinds(events))
		}
	})
}

func TestEventsThatTheBurstFilterLeftOutAreAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, history.Options{})
		l.db.Commit("vm-1")
		l.db.Commit(vimjson.Event{Class: "EventEx", TypeID: "com.vmware.vc.EventBurstCompressedEvent", Data: []byte(
			`{"_typeName":"EventEx","key":2,"arguments":[{"_typeName":"KeyAnyValue","key":"eventType","value":{"_typeName":"string","_value":"VmPoweredOnEvent"}},` +
				`{"_typeName":"KeyAnyValue","key":"objectId","value":{"_typeName":"string","_value":"vm-62"}},` +
				`{"_typeName":"KeyAnyValue","key":"count","value":{"_typeName":"int","_value":1234}}]}`)})
		f := l.follow(event.Position{})
		<-time.After(time.Minute)
		events := f.end()
		if len(events) != 3 || events[1].Kind() != event.KindCompressed { // before the event that it is about
			t.Fatalf("announced was %v", kinds(events))
		}
		cloudEvent := string(event.AppendCloudEvent(nil, &events[1]))
		for _, part := range []string{`"count":1234`, "VmPoweredOnEvent of vm-62", "com.vcrelay.compressed.v1", "3c0f7a10-compressed-2-2"} {
			if !strings.Contains(cloudEvent, part) {
				t.Errorf("%s is not in %s", part, cloudEvent)
			}
		}
	})
}

func TestAClockThatStepsBackHidesNothing(t *testing.T) {
	for _, step := range []time.Duration{-2 * time.Second, -30 * time.Second, -50 * time.Second} {
		eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
			f := l.follow(event.Position{Start: l.now()})
			l.add(200, time.Second)
			l.step = step
			l.add(200, time.Second)
			<-time.After(5 * time.Minute)
			l.add(1, 3*time.Minute)
			events := f.end()
			l.expectAll(events)
			if len(kinds(events)) > 0 {
				t.Errorf("announced was %v", kinds(events))
			}
		})
	}
}

func TestAClockThatGoesForwardHidesNoLateCommit(t *testing.T) {
	eachOrder(t, history.Options{}, func(_ *testing.T, l *lab) {
		l.latestByTime = true
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		late := l.db.CommitLate("vm-2")
		l.step = 45 * time.Second
		l.add(50, time.Second)
		late.Commit()
		l.add(300, time.Second)
		<-time.After(5 * time.Minute)
		l.expectAll(f.end())
	})
}

// What was relayed within the step may be relayed again, under the same ids.
func TestAClockThatStepsFarBackHidesNothing(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		f := l.follow(event.Position{Start: l.now()})
		l.add(1000, time.Second)
		l.step = -10 * time.Minute
		l.add(300, time.Second)
		<-time.After(5 * time.Minute)
		came := make(map[string]bool)
		for _, e := range f.end() {
			came[e.ID()] = true
		}
		if len(came) < 1300 {
			t.Errorf("%d of 1300 events came", len(came))
		}
	})
}

func TestOurOwnClockDoesNotMatter(t *testing.T) {
	for _, step := range []time.Duration{-24 * time.Hour, time.Hour} {
		eachOrder(t, history.Options{}, func(_ *testing.T, l *lab) {
			l.step = step
			l.latestByTime = true
			f := l.follow(event.Position{Start: l.now()})
			l.add(50, time.Second)
			late := l.db.CommitLate("vm-2")
			l.add(30, time.Second)
			late.Commit()
			<-time.After(5 * time.Minute)
			l.expectAll(f.end())
		})
	}
}

func TestAnIdleReaderIsWokenByANewEvent(t *testing.T) {
	for _, version := range []string{"8.0.3.0", "9.0.0.0"} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, history.Options{})
			l.version = version
			f := l.follow(event.Position{Start: l.now()})
			<-time.After(time.Minute)
			for i := range 20 {
				created := time.Now()
				l.add(1, 7*time.Second)
				if took := f.at[i].Sub(created); took > 100*time.Millisecond {
					t.Errorf("event %d came after %s", i, took)
				}
			}
			l.expectAll(f.end())
		})
	}
}

func TestAReaderPollsWhereVCenterTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, history.Options{})
		l.deaf = true
		f := l.follow(event.Position{Start: l.now()})
		<-time.After(time.Minute)
		for i := range 20 {
			created := time.Now()
			l.add(1, 7*time.Second)
			if took := f.at[i].Sub(created); took > 2*time.Second {
				t.Errorf("event %d came after %s", i, took)
			}
		}
		l.expectAll(f.end())
	})
}

func TestACollectorThatFallsSilentIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, history.Options{})
		silent := false
		l.answer = func(items []vcenter.Item) ([]vcenter.Item, error) {
			if silent && l.opened == 1 && l.cursors == 1 { // the first collector, and no scan beside it
				return nil, nil
			}
			return items, nil
		}
		f := l.follow(event.Position{Start: l.now()})
		l.add(5, time.Second)
		silent = true
		began := time.Now()
		l.add(5, time.Second)
		<-time.After(time.Minute)
		l.expectAll(f.end())
		if took := f.at[5].Sub(began); took > 30*time.Second {
			t.Errorf("the next event came after %s", took)
		}
	})
}

func TestACollectorIsReplacedEachHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, history.Options{})
		f := l.follow(event.Position{Start: l.now()})
		for range 5 {
			l.add(1, time.Hour)
		}
		l.expectAll(f.end())
		if l.opened < 4 {
			t.Errorf("%d collectors in five hours", l.opened)
		}
	})
}

func TestTenThousandEventsOfOneMillisecondAreAllRead(t *testing.T) {
	eachOrder(t, history.Options{TimePrecision: time.Second}, func(_ *testing.T, l *lab) {
		l.add(3, time.Second)
		l.add(10_000, 0)
		f := l.follow(event.Position{})
		<-time.After(time.Second)
		l.add(10_000, 0)
		<-time.After(10 * time.Minute)
		l.expectAll(f.end())
	})
}

func TestAPageThatIsLostIsReadAgain(t *testing.T) {
	eachOrder(t, history.Options{}, func(_ *testing.T, l *lab) {
		l.add(5000, time.Second)
		pages := 0
		l.answer = func(items []vcenter.Item) ([]vcenter.Item, error) {
			if pages++; pages%3 == 0 {
				return nil, errors.New("connection reset") // vCenter has moved on
			}
			return items, nil
		}
		f := l.follow(event.Position{})
		<-time.After(10 * time.Minute)
		l.expectAll(f.end())
	})
}

func TestVCenter9IsReadByKeyAndByTimeWhereItRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, history.Options{})
		l.version = "9.0.0.0"
		f := l.follow(event.Position{Start: l.now()})
		l.add(10, 20*time.Second) // until what is not settled has a key before it
		first := f.end()
		again := l.follow(f.position)
		l.add(10, time.Second)
		second := again.end()
		if l.byKey == 0 {
			t.Error("it was not read by key")
		}
		pages := l.byKey
		l.refuseKeys = true
		third := l.follow(again.position)
		l.add(10, time.Second)
		l.expectAll(slices.Concat(first, second, third.end()))
		if l.byKey != pages {
			t.Error("it was read by key though it refuses")
		}
	})
}

func TestOneVCentersTroubleDoesNotTouchAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good, bad := newLab(t, history.Options{}), newLab(t, history.Options{})
		hang := make(chan struct{})
		bad.answer = func([]vcenter.Item) ([]vcenter.Item, error) {
			<-hang
			return nil, errors.New("timeout")
		}
		f, stuck := good.follow(event.Position{Start: good.now()}), bad.follow(event.Position{Start: bad.now()})
		for i := range 20 {
			created := time.Now()
			bad.add(1, 0)
			good.add(1, time.Second)
			if took := f.at[i].Sub(created); took > 100*time.Millisecond {
				t.Errorf("event %d came after %s", i, took)
			}
		}
		good.expectAll(f.end())
		close(hang)
		stuck.end()
	})
}

// As long as nothing happens there is nothing to sweep, and the step must be noticed all the same.
func TestAClockThatStepsBackWhileNothingHappensHidesNothing(t *testing.T) {
	eachOrder(t, history.Options{}, func(_ *testing.T, l *lab) {
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		<-time.After(time.Hour)
		l.add(1, 10*time.Minute)
		l.step = -30 * time.Minute
		l.add(100, time.Second)
		<-time.After(5 * time.Minute)
		l.expectAll(f.end())
	})
}

// stored is a position after its way through the checkpoint store.
func stored(t *testing.T, position event.Position) event.Position {
	t.Helper()
	text, err := json.Marshal(position)
	if err != nil {
		t.Fatal(err)
	}
	var read event.Position
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestAClockThatStepsBackWhileTheRelayIsAwayHidesNothing(t *testing.T) {
	for _, step := range []time.Duration{-90 * time.Second, -20 * time.Minute, -time.Hour} {
		eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
			f := l.follow(event.Position{Start: l.now().Add(-2 * time.Hour)})
			l.add(200, time.Second)
			events := f.end()
			l.add(10, time.Second)
			l.step = step
			l.add(60, time.Second)
			<-time.After(2 * time.Hour) // the clock alone no longer shows that it was set back
			again := l.follow(stored(t, f.position))
			l.add(60, time.Second)
			<-time.After(5 * time.Minute)
			events = append(events, again.end()...)
			l.expectAll(events)
			if len(kinds(events)) > 0 {
				t.Errorf("announced was %v", kinds(events))
			}
		})
	}
}

func TestAClockThatGoesForwardWhileTheRelayIsAwayHidesNoLateCommit(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		l.latestByTime = true
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		late := l.db.CommitLate("vm-2")
		events := f.end()
		l.step = 45 * time.Second
		again := l.follow(stored(t, f.position))
		l.add(50, time.Second)
		late.Commit()
		<-time.After(5 * time.Minute)
		l.expectAll(append(events, again.end()...))
	})
}

func TestAStopWaitsForNoVCenterThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, history.Options{})
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, 100*time.Millisecond)
		l.hangs = true
		told := time.Now()
		f.stop()
		<-f.done
		stopped, cancel := context.WithCancel(t.Context())
		cancel()
		f.source.Close(stopped)
		if took := time.Since(told); took > time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// An event that cannot be read may come late, and need not say which one it is: the announcement names a stretch in which it
// stands.
func TestAnUnreadableEventThatComesLateIsAnnouncedWhereItStands(t *testing.T) {
	for _, header := range []bool{true, false} {
		eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
			l.answer = func(items []vcenter.Item) ([]vcenter.Item, error) {
				for i := range items {
					switch {
					case items[i].VM.Value != "vm-2":
					case header:
						items[i] = vcenter.Item{Err: errors.New("cut"), Event: vimjson.Event{Key: items[i].Key, Created: items[i].Created}}
					default:
						items[i] = vcenter.Item{Err: errors.New("cut")}
					}
				}
				return items, nil
			}
			f := l.follow(event.Position{Start: l.now()})
			l.add(100, time.Second)
			created := l.now()
			late := l.db.CommitLate("vm-2")
			l.add(40, time.Second)
			late.Commit()
			l.add(40, time.Second)
			<-time.After(5 * time.Minute)
			told := false
			for _, e := range f.end() {
				var gap event.Gap
				if e.IsAnnouncement() && json.Unmarshal(e.Data, &gap) == nil {
					told = true
					if created.Before(gap.From) || !gap.To.IsZero() && gap.To.Before(created) {
						t.Errorf("announced was %s, created %s", e.Data, created)
					}
				}
			}
			if !told {
				t.Error("nothing was announced")
			}
		})
	}
}

func TestAVCenterThatTellsNothingIsReadOnAfterARestore(t *testing.T) {
	eachOrder(t, history.Options{}, func(_ *testing.T, l *lab) {
		l.deaf = true
		f := l.follow(event.Position{Start: l.now()})
		l.add(400, time.Second)
		before := f.end()
		backup := l.now().Add(-5 * time.Minute)
		<-time.After(5 * time.Minute)
		l.db.Restore(backup)
		<-time.After(5 * time.Minute)
		again := l.follow(f.position)
		l.add(20, time.Second)
		<-time.After(5 * time.Minute)
		l.expectAll(append(before, again.end()...))
	})
}

// An event that does not even say its key must neither be lost nor hold up what follows.
func TestAnEventWithoutAKeyIsAnnouncedAndPassed(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		l.answer = func(items []vcenter.Item) ([]vcenter.Item, error) {
			for i := range items {
				if items[i].Key%50 == 0 {
					items[i] = vcenter.Item{Err: errors.New("no key")}
				}
			}
			return items, nil
		}
		f := l.follow(event.Position{Start: l.now()})
		l.add(120, time.Second)
		<-time.After(5 * time.Minute)
		l.add(80, time.Second)
		came, gaps := make(map[int32]bool), make(map[string]int)
		for _, e := range f.end() {
			if e.IsAnnouncement() {
				gaps[e.ID()]++
			} else {
				came[e.Key] = true
			}
		}
		if len(came) != 196 {
			t.Errorf("%d of 196 events came", len(came))
		}
		if len(gaps) < 4 {
			t.Errorf("announced was %v", gaps)
		}
		for id, n := range gaps {
			if n > 2 {
				t.Errorf("%s was announced %d times", id, n)
			}
		}
	})
}

// A reader that resumes begins before the event that was done last.
func TestAnEventWithoutAKeyThatIsReadFirstIsAnnouncedWhereItStands(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		const broken = 63 // the last key before those that are read again: none that is done stands for it
		l.answer = func(items []vcenter.Item) ([]vcenter.Item, error) {
			for i := range items {
				if items[i].Key == broken {
					items[i] = vcenter.Item{Err: errors.New("no key")}
				}
			}
			return items, nil
		}
		f := l.follow(event.Position{Start: l.now()})
		l.add(broken-1, 2*time.Second)
		created := l.now()
		l.add(45, 2*time.Second)
		f.end()
		again := l.follow(f.position)
		<-time.After(time.Minute)
		for _, e := range again.end() {
			var gap event.Gap
			if !e.IsAnnouncement() || json.Unmarshal(e.Data, &gap) != nil {
				continue
			}
			byTime := !created.Before(gap.From) && (gap.To.IsZero() || !gap.To.Before(created))
			byKey := gap.FromKey != 0 && gap.FromKey < broken && (gap.ToKey == 0 || broken < gap.ToKey)
			if !byTime && !byKey {
				t.Errorf("announced was %s, created %s", e.Data, created)
			}
		}
	})
}

func TestUnreadableEventsBehindTheSameGoodOneAreEachAnnounced(t *testing.T) {
	eachOrder(t, history.Options{}, func(t *testing.T, l *lab) {
		l.answer = func(items []vcenter.Item) ([]vcenter.Item, error) {
			for i := range items {
				if items[i].Key == 50 || items[i].Key == 51 {
					items[i].Err = errors.New("too large")
				}
			}
			return items, nil
		}
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		<-time.After(5 * time.Minute)
		gaps := make(map[string]int)
		for _, e := range f.end() {
			if e.IsAnnouncement() {
				gaps[e.ID()]++
			}
		}
		if len(gaps) != 2 || gaps["3c0f7a10-gap-49-51"] != 1 || gaps["3c0f7a10-gap-50-52"] != 1 {
			t.Errorf("announced was %v", gaps)
		}
	})
}

// A sweep brings what the feed does not come to: behind a hole it begins anew, and what is created after a step of the clock
// lies before that.
func TestAnEventThatASweepHasOvertakenIsMarkedLate(t *testing.T) {
	eachOrder(t, history.Options{StuckInHole: true}, func(t *testing.T, l *lab) {
		l.db.Hide(func(row *history.Row) bool { return row.Body == "hidden" })
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		l.db.CommitLate("vm-1") // never comes, so that sweeps are due
		for range 3000 {
			l.db.Commit("hidden")
		}
		l.add(1, 15*time.Second)
		l.step = -20500 * time.Millisecond
		late := l.db.CommitLate("vm-1")
		l.add(10, time.Second)
		<-time.After(15 * time.Second) // a sweep has come, the search for the newest event has not
		late.Commit()
		<-time.After(5 * time.Minute)
		var top event.Event
		for _, e := range f.end() {
			if e.Key < top.Key && e.Created.Before(top.Created) && !e.Late && !e.IsAnnouncement() {
				t.Errorf("event %d came behind %d and was not marked late", e.Key, top.Key)
			}
			if e.Key > top.Key {
				top = e
			}
		}
	})
}

func TestAClockThatStepsBackBehindAHoleHidesNothing(t *testing.T) {
	for _, apart := range []time.Duration{0, time.Millisecond} {
		eachOrder(t, history.Options{StuckInHole: true}, func(_ *testing.T, l *lab) {
			l.db.Hide(func(row *history.Row) bool { return row.Body == "hidden" })
			f := l.follow(event.Position{Start: l.now()})
			l.add(100, time.Second)
			for range 3000 {
				l.db.Commit("hidden")
				<-time.After(apart)
			}
			l.step = -20500 * time.Millisecond
			l.add(100, time.Second)
			<-time.After(5 * time.Minute)
			l.expectAll(f.end())
		})
	}
}

// The newest one became visible late, and was created before what the search for another one had looked through.
func TestANewestEventThatTheAccountMayNotSeeIsNotLookedForWithoutEnd(t *testing.T) {
	eachOrder(t, history.Options{LatestHidden: true}, func(t *testing.T, l *lab) {
		l.db.Hide(func(row *history.Row) bool { return row.Body == "hidden" })
		f := l.follow(event.Position{Start: l.now()})
		l.add(100, time.Second)
		late := l.db.CommitLate("hidden")
		<-time.After(25 * time.Second)
		l.db.Commit("hidden")
		<-time.After(11 * time.Second)
		l.db.Commit("hidden")
		<-time.After(4 * time.Second)
		late.Commit()
		<-time.After(30 * time.Minute)
		l.expectAll(f.end())
		if l.opened > 8 {
			t.Errorf("%d feeds were opened", l.opened)
		}
	})
}
