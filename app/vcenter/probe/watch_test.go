package probe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/probe"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// during calls work once, when the probe has begun to follow: its fifth question for properties is the second look of the watch.
func during(w *wire, work func()) {
	asked, done := 0, false
	w.before = func(_ int, method string) {
		if method == "RetrieveProperties" {
			asked++
		}
		if asked == 5 && !done {
			done = true
			work()
		}
	}
}

func TestAnEventThatTheCollectorPassedByIsFoundByASecondOne(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 20, Readings: vcsim.Readings{Order: history.ByTime}})
	w := between(t, server)
	during(w, func() { server.History().CommitAt(&types.GeneralUserEvent{}, time.Now().Add(-30*time.Second)) })
	result := measure(t, w.dial(t), probe.Options{Watch: time.Second}.Hasty())
	if got := result.Report.Watch; got.LatestMoves != 1 || got.PassedBy != 1 || got.Delayed != 0 || got.Never != 0 {
		t.Errorf("%+v", got)
	}
	if got := result.Report.Watch; got.Behind != 1 || got.MostLateMs < 29_000 || got.MostLateMs > 60_000 || got.Sweeps == 0 {
		t.Errorf("%+v", got)
	}
	if got := summary(t, result); !strings.Contains(got, "1 that only a second collector found") {
		t.Errorf("%s", got)
	}
	nothingLeft(t, server)
}

func TestAnEventWithAnOlderTimeOrALowerKeyIsLate(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 20, Readings: vcsim.Readings{Order: history.ByCommit}})
	w := between(t, server)
	during(w, func() {
		late := server.History().CommitLate(&types.GeneralUserEvent{})
		server.History().Commit(&types.GeneralUserEvent{})
		late.Commit()
		server.History().CommitAt(&types.GeneralUserEvent{}, time.Now().Add(-20*time.Second))
	})
	if got := measure(t, w.dial(t), probe.Options{Watch: time.Second}.Hasty()).Report.Watch; got.LowerKey != 1 || got.OlderTime != 2 || got.Behind != 0 || got.MostLateMs < 19_000 {
		t.Errorf("%+v", got)
	}
}

func TestALiveWorkloadInOrderHasNothingLateAndIsReadableAtOnce(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 200, Rate: 100})
	got := measure(t, direct(server), probe.Options{Watch: time.Second}.Hasty()).Report.Watch
	if got.Events < 50 || got.LatestMoves < 2 || got.AtOnce != got.LatestMoves || got.LowerKey+got.OlderTime+got.Behind+got.Never != 0 || got.Seconds < 1 || got.Sweeps < 2 {
		t.Errorf("%+v", got)
	}
}

func TestAnEventThatLatestEventShowsAndNobodyCanReadIsCounted(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 20, Readings: vcsim.Readings{LatestHidden: true}})
	w := between(t, server)
	during(w, func() {
		server.History().Hide(func(r *history.Row) bool { return r.Key >= 1000 })
		server.History().SetNextKey(1000)
		server.History().Commit(&types.GeneralUserEvent{})
	})
	result := measure(t, w.dial(t), probe.Options{Watch: time.Second}.Hasty())
	if got := result.Report.Watch; got.Never != 1 || got.LatestMoves != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAnEventThatCanBeReadSomeTimeAfterLatestEventHasShownItIsTimed(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 20, Readings: vcsim.Readings{LatestHidden: true, StuckInHole: true}})
	w := between(t, server)
	during(w, func() {
		server.History().Hide(func(r *history.Row) bool { return r.Key >= 1000 })
		server.History().SetNextKey(1000)
		server.History().Commit(&types.GeneralUserEvent{})
		time.AfterFunc(time.Second/2, func() {
			server.History().Hide(nil)
		})
	})
	result := measure(t, w.dial(t), probe.Options{Watch: 2 * time.Second}.Hasty())
	if got := result.Report.Watch; got.Delayed != 1 || got.MostDelayMs < 300 || got.MostDelayMs > 1900 {
		t.Errorf("%+v", got)
	}
}
