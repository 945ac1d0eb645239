package vcsim_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

func TestPurgeTakesTheOldestEventsFromReaders(t *testing.T) {
	server := start(t, vcsim.Config{History: 100, HistorySpan: 100 * time.Minute})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	mustFault(t, server, "kind=purge,events=30")
	wantKeys(t, readAll(t, client, collector, 1000), numbered(31, 101))
	mustFault(t, server, "kind=purge,older=30m30s")
	wantKeys(t, readAll(t, client, mustCollect(t, client, everything), 1000), numbered(71, 101))
	log := lines(t, control(t, server, "GET", "/control/events", "", 200))
	if len(log) != 101 || log[69].Fate != "purged" || log[70].Fate != "" {
		t.Errorf("the log has %d lines, the 70th and 71st are %+v and %+v", len(log), log[69], log[70])
	}
}

func TestRestoreTakesTheKeysBackEndsSessionsAndReusesKeysWithNewTimes(t *testing.T) {
	server := start(t, vcsim.Config{History: 100, HistorySpan: 100 * time.Minute})
	login(t, server)
	before := map[int32]time.Time{}
	for _, event := range server.Events(0) {
		before[event.GetEvent().Key] = event.GetEvent().CreatedTime
	}
	mustFault(t, server, "kind=restore,back=30m30s,for=500ms")
	if _, err := ask(t, server); err == nil {
		t.Error("the service is not away")
	}
	if n := server.Sessions(); n != 0 {
		t.Errorf("%d sessions", n)
	}
	eventually(t, "the service is back", func() bool { _, err := ask(t, server); return err == nil })
	client := login(t, server)
	server.Post(&types.VmPoweredOnEvent{})
	events := readAll(t, client, mustCollect(t, client, everything), 1000)
	wantKeys(t, events, numbered(1, 72)) // 70 of the past, the login, and what was posted
	if again := events[71].GetEvent(); again.CreatedTime.Equal(before[again.Key]) {
		t.Errorf("key %d has its old time %v", again.Key, again.CreatedTime)
	}
}

func TestKeyLetsTheCounterJumpAndWrap(t *testing.T) {
	server := start(t, vcsim.Config{History: 2})
	client := login(t, server)
	mustFault(t, server, "kind=key,next=2147483647")
	for range 2 {
		server.Post(&types.VmPoweredOnEvent{})
	}
	wantKeys(t, readAll(t, client, mustCollect(t, client, everything), 1000), []int32{1, 2, 3, math.MaxInt32, math.MinInt32})
}

func TestClockStepsWhatVCenterSaysTheTimeIs(t *testing.T) {
	server := start(t, vcsim.Config{})
	client := login(t, server)
	first := server.Post(&types.VmPoweredOnEvent{}).GetEvent().CreatedTime
	mustFault(t, server, "kind=clock,step=-30s")
	second := server.Post(&types.VmPoweredOnEvent{}).GetEvent().CreatedTime
	if back := first.Sub(second); back < 20*time.Second || back > 30*time.Second {
		t.Errorf("the second event is %v before the first", back)
	}
	now, err := methods.GetCurrentTime(t.Context(), client)
	if err != nil || now.Before(second) || now.Sub(second) > 20*time.Second {
		t.Errorf("vCenter says it is %v, an event was at %v, %v", now, second, err)
	}
}

func TestLateEventsBecomeVisibleBehindAReaderThatHasPassedThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newServer(t, vcsim.Config{
			Rate: 100, Readings: vcsim.Readings{Order: history.ByKey}, Faults: []string{"kind=late,share=0.1,delay=5s"},
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		done := make(chan error)
		go func() { done <- server.RunWorkload(ctx) }()
		live := server.History().Collector(history.Filter{})
		read := 0
		for ctx.Err() == nil {
			read += len(live.Next(1000))
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		late, latest := 0, int64(0)
		for _, entry := range server.History().Log(0) {
			if delay := entry.Committed - entry.Created; delay > 0 {
				late++
				latest = max(latest, delay)
			}
		}
		total := server.Len()
		if late < total/15 || late > total/7 || latest < 3e6 || latest > 5.02e6 {
			t.Errorf("%d of %d events are late, the latest by %d µs", late, total, latest)
		}
		if missed := total - read; missed < late*8/10 || missed > late+5 {
			t.Errorf("a live reader by key missed %d events, %d were late", missed, late)
		}
		again := server.History().Collector(history.Filter{})
		if n := len(again.Next(total + 1)); n != total {
			t.Errorf("a new reader reads %d of %d", n, total)
		}
	})
}

func TestALateEventIsNotLaterThanTheDelayThoughNothingElseHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newServer(t, vcsim.Config{Faults: []string{"kind=late,share=1,delay=200ms"}})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- server.RunWorkload(ctx) }()
		<-time.After(50 * time.Millisecond)
		server.PostMany("VmRenamedEvent", 50)
		if n := server.Len(); n != 0 {
			t.Errorf("%d events are visible at once", n)
		}
		<-time.After(202 * time.Millisecond)
		if n := server.Len(); n != 50 {
			t.Errorf("%d of 50 events are visible after the delay", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestOldEventsSayThatTheyWereCreatedBefore(t *testing.T) {
	server := start(t, vcsim.Config{Faults: []string{"kind=old,share=0.5,delay=1h"}})
	control(t, server, "POST", "/control/events", `{"class":"VmRenamedEvent","count":200}`, 200)
	old := 0
	for _, entry := range server.History().Log(0) {
		switch age := time.Duration(entry.Committed-entry.Created) * time.Microsecond; {
		case age > time.Hour || age < 0:
			t.Errorf("an event is %v old", age)
		case age > 0:
			old++
		}
	}
	if old < 60 || old > 140 {
		t.Errorf("%d of 200 events are old", old)
	}
	if list := faultList(t, server); list[0].Struck != old {
		t.Errorf("faults are %+v, %d events are old", list, old)
	}
}

func TestBurstKeepsIdenticalEventsOutAndSaysHowMany(t *testing.T) {
	server := start(t, vcsim.Config{Faults: []string{"kind=burst,limit=5,window=2s"}})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	control(t, server, "POST", "/control/events", `{"class":"VmRenamedEvent","vm":"DC0_H0_VM0","count":12}`, 200)
	control(t, server, "POST", "/control/events", `{"class":"VmRenamedEvent","vm":"DC0_H0_VM1","count":5}`, 200)
	ids := map[string]int{}
	var compressed *types.EventEx
	eventually(t, "the burst is over", func() bool {
		for _, event := range readAll(t, client, collector, 100) {
			ids[kindOf(event)]++
			if ex, ok := event.(*types.EventEx); ok && ex.EventTypeId == "com.vmware.vc.EventBurstCompressedEvent" {
				compressed = ex
			}
		}
		return ids["com.vmware.vc.AllEventBurstsEndedEvent"] > 0
	})
	if ids["VmRenamedEvent"] != 10 || ids["com.vmware.vc.EventBurstStartedEvent"] != 1 ||
		ids["com.vmware.vc.EventBurstEndedEvent"] != 1 || compressed == nil {
		t.Fatalf("read %v", ids)
	}
	got := map[string]types.AnyType{}
	for _, a := range compressed.Arguments {
		got[a.Key] = a.Value
	}
	if got["count"] != int32(7) || got["eventType"] != "VmRenamedEvent" || got["objectId"] == "" || got["userName"] == "" {
		t.Errorf("arguments are %v", got)
	}
	if _, ok := got["burstStartTime"].(time.Time); !ok {
		t.Errorf("burstStartTime is %v", got["burstStartTime"])
	}
}

func kindOf(event types.BaseEvent) string {
	if ex, ok := event.(*types.EventEx); ok {
		return ex.EventTypeId
	}
	if _, ok := event.(*types.VmRenamedEvent); ok {
		return "VmRenamedEvent"
	}
	return "other"
}

func TestOnlyWithTheLiveReadingAnOpenCollectorReadsWhatTheBurstFilterKeepsOut(t *testing.T) {
	for live, want := range map[bool]int{false: 5, true: 12} {
		server := start(t, vcsim.Config{
			Faults: []string{"kind=burst,limit=5,window=1m"}, Readings: vcsim.Readings{LiveBurst: live},
		})
		client := login(t, server)
		renamed := types.EventFilterSpec{EventTypeId: []string{"VmRenamedEvent"}}
		was := mustCollect(t, client, renamed)
		control(t, server, "POST", "/control/events", `{"class":"VmRenamedEvent","vm":"DC0_H0_VM0","count":12}`, 200)
		if n := len(readAll(t, client, was, 100)); n != want {
			t.Errorf("live=%v: an open collector reads %d, want %d", live, n, want)
		}
		if n := len(readAll(t, client, mustCollect(t, client, renamed), 100)); n != 5 {
			t.Errorf("live=%v: a new collector reads %d, want 5", live, n)
		}
	}
}
