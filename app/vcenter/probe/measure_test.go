package probe_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/probe"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

func TestWhatVcenterSaysOfItselfAndHowFastItIsAreMeasured(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 6000, FirstKey: 1_000_001, Clock: func() time.Time { return time.Now().Add(90 * time.Second) }})
	setOption(t, server, "config.vpxd.event.maxEventId", "2147480000")
	setOption(t, server, "config.vmacore.soap.sessionTimeout", "1800s")
	result := measure(t, direct(server), probe.Options{})
	r := result.Report
	if r.About.Version != "8.0.3" || r.About.APIVersion != "8.0.3.0" || r.Manager.MaxCollector != 32 || !r.Manager.LatestEvent || r.Manager.LatestKey < 1_006_001 {
		t.Errorf("%+v %+v", r.About, r.Manager)
	}
	if ahead := time.Duration(r.Clock.AheadMs) * time.Millisecond; (ahead - 90*time.Second).Abs() > 5*time.Second {
		t.Errorf("the clock is %s ahead", ahead)
	}
	if len(r.Creation) != 4 || len(r.Speed) != 2 || r.Speed[0].Events != 5000 || r.Speed[1].Events != 500 || r.Speed[0].MedianMs <= r.Speed[1].MedianMs ||
		r.Speed[0].BytesPerEvent < 300 {
		t.Errorf("%+v %+v", r.Creation, r.Speed)
	}
	if o := r.Order; o.KeysBack+o.TimesBack+o.Gaps+o.SameKey != 0 || o.LargestKey < 1_006_001 || o.LowestKey != 1_000_001 || o.TimeDigits != 6 {
		t.Errorf("%+v", o)
	}
	if age := r.Started.Sub(*r.Oldest); age < 50*time.Minute || age > time.Hour {
		t.Errorf("the oldest event is from %s", r.Oldest)
	}
	got := summary(t, result)
	for _, want := range []string{"of 2147480000 (config.vpxd.event.maxEventId)", "sessionTimeout is 1800s", "90 s ahead", "pages of 1000", "everything up to latestEvent can be read"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
}

func TestWhatBeginTimeMeansIsFoundOut(t *testing.T) {
	for precision, want := range map[time.Duration]string{
		0:                "inclusive, exact to the microsecond",
		time.Millisecond: "inclusive, exact to the millisecond",
		time.Second:      "inclusive, cut to the second",
		time.Minute:      "coarser than a second",
	} {
		// The clock stands at a time with a fraction, so that what it is cut to shows.
		noon := time.Date(2026, 11, 20, 12, 0, 30, 123_456_000, time.UTC)
		server := simulate(t, vcsim.Config{
			History: 60, HistorySpan: time.Hour, Readings: vcsim.Readings{TimePrecision: precision}, Clock: func() time.Time { return noon },
		})
		result := measure(t, direct(server), probe.Options{})
		if got := summary(t, result); !strings.Contains(got, want) || !result.Report.BeginTime.Truncated {
			t.Errorf("%s: want %q: %+v\n%s", precision, want, result.Report.BeginTime, got)
		}
	}
}

func TestEventsThatAreOutOfOrderAreCounted(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 50, Readings: vcsim.Readings{Order: history.ByCommit}})
	db := server.History()
	db.CommitAt(&types.GeneralUserEvent{}, time.Now().Add(-10*time.Minute))
	db.SetNextKey(1000)
	db.Commit(&types.GeneralUserEvent{})
	o := measure(t, direct(server), probe.Options{}).Report.Order
	if o.TimesBack == 0 || o.FarthestBackMs < 500_000 || o.KeysBack != 0 || o.Gaps == 0 || o.Missing < 900 || o.LargestGap < 900 {
		t.Errorf("%+v", o)
	}
}

func TestAnEventThatThisAccountMayNotSeeShowsAsAHole(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 50, Readings: vcsim.Readings{LatestHidden: true}})
	fault(t, server, "kind=hole,first=40")
	result := measure(t, direct(server), probe.Options{}.Hasty())
	if v := result.Report.Visibility; v.Verdict != probe.SeenNot || *v.WaitedMs < 100 {
		t.Errorf("%+v", v)
	}
	if got := summary(t, result); !strings.Contains(got, "this account may not see everything") {
		t.Errorf("%s", got)
	}
}

func TestWhereTheLastMinutesAreTooMuchTheLastSecondsAreRead(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 25_000, HistorySpan: 9 * time.Minute})
	if v := measure(t, direct(server), probe.Options{}).Report.Visibility; v.Verdict != probe.SeenAll || v.Events < 1000 || v.Events > 2000 {
		t.Errorf("%+v", v)
	}
}

func TestWhatTheBurstFilterPutsInPlaceOfEventsIsCountedOnce(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 10, HistorySpan: time.Minute})
	fault(t, server, "kind=burst,limit=3")
	for range 20 {
		server.Post(&types.GeneralUserEvent{GeneralEvent: types.GeneralEvent{Event: types.Event{UserName: user}}})
	}
	result := measure(t, direct(server), probe.Options{Pages: 1})
	if got := result.Report.BurstFilter["com.vmware.vc.EventBurstStartedEvent"]; got != 1 {
		t.Errorf("%v", result.Report.BurstFilter)
	}
	if got := summary(t, result); !strings.Contains(got, "1 EventBurstStartedEvent") {
		t.Errorf("%s", got)
	}
}

func TestFromVsphere9OnEventsAreAskedForById(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 1500, Version: "9.0.0"})
	result := measure(t, direct(server), probe.Options{})
	got := summary(t, result)
	for _, want := range []string{
		"from the beginning: 1000 events from 1 to 1000, ascending", "a page of 10: 10 events", "a page of 100: 100 events",
		"the newest, backward: 100 events", ", descending", "after the first key: is it left out: 10 events from 2 to 11",
		"a page of 5000, which is more than a collector gives: refused (InvalidArgument)", "backward from 0: nothing",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
	if before := measure(t, direct(simulate(t, vcsim.Config{})), probe.Options{}); before.Report.ByKey != nil {
		t.Errorf("8.0.3 was asked: %+v", before.Report.ByKey)
	}
}

func TestAVcenterThatRefusesQueryEventsIsMeasuredInTheRest(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 1500, Version: "9.0.0"})
	fault(t, server, "kind=fault,method=QueryEvents,type=NotSupported")
	result := measure(t, direct(server), probe.Options{Pages: 1})
	for _, query := range result.Report.ByKey.Queries {
		if query.Fault != "NotSupported" {
			t.Errorf("%+v", query)
		}
	}
	if got := summary(t, result); !strings.Contains(got, "from the beginning: refused (NotSupported)") || len(result.Pages) != 1 || result.Report.Order == nil {
		t.Errorf("%s", got)
	}
}

func TestAnAnswerThatIsNoPageCostsOneMeasurement(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 200})
	fault(t, server, "kind=html,method=ReadNextEvents,count=1")
	result := measure(t, direct(server), probe.Options{})
	if r := result.Report; r.Failed["history"] != "the page could not be read" || r.Visibility.Verdict != probe.SeenAll {
		t.Errorf("%+v", r)
	}
}

func TestLatestEventIsUnderstoodAsAWholeAndInParts(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 20})
	if m := measure(t, direct(server), probe.Options{}).Report.Manager; !m.LatestByPath || m.LatestTime == nil {
		t.Errorf("%+v", m)
	}
	fault(t, server, "kind=unknown") // govmomi has no such class
	r := measure(t, direct(server), probe.Options{}).Report
	if !r.Manager.LatestEvent || r.Visibility.Verdict != probe.SeenAll {
		t.Errorf("%+v %+v", r.Manager, r.Visibility)
	}
	w := between(t, server)
	asked := 0
	w.before = func(_ int, method string) {
		if method == "RetrieveProperties" {
			if asked++; asked == 2 {
				fault(t, server, "kind=fault,method=RetrieveProperties,type=InvalidProperty,count=1")
			}
		}
	}
	if r := measure(t, w.dial(t), probe.Options{}).Report; r.Manager.LatestByPath || r.Visibility.Verdict != probe.SeenAll || r.Failed["eventManager"] != "" {
		t.Errorf("%+v %+v %v", r.Manager, r.Visibility, r.Failed)
	}
	if n := strings.Count(strings.Join(w.bodies, ""), "latestEvent.key"); n != 1 {
		t.Errorf("it was asked for in parts %d times although that is refused", n)
	}
}

func TestALatestEventThatTheAccountMayNotReadIsNotTakenForNone(t *testing.T) {
	w := between(t, simulate(t, vcsim.Config{History: 20}))
	properties := regexp.MustCompile(`(?s)<propSet>.*</propSet>`)
	w.after = func(method string, answer []byte) []byte {
		if method != "RetrieveProperties" {
			return answer
		}
		return properties.ReplaceAll(answer, []byte(`<missingSet><path>latestEvent</path><fault><fault xsi:type="NoPermission">`+
			`<object type="EventManager">EventManager</object><privilegeId>System.Read</privilegeId></fault><localizedMessage/></fault></missingSet>`))
	}
	r := measure(t, w.dial(t), probe.Options{Watch: time.Second / 5}.Hasty()).Report
	for _, name := range []string{"eventManager", "visibility", "watch"} {
		if r.Failed[name] != "NoPermission" {
			t.Errorf("%s: %q", name, r.Failed[name])
		}
	}
}

func TestSettingsThatCannotBeReadAreNamed(t *testing.T) {
	server := simulate(t, vcsim.Config{})
	fault(t, server, "kind=fault,method=QueryOptions,type=NoPermission")
	result := measure(t, direct(server), probe.Options{})
	if r := result.Report; len(r.Options) != 0 || r.Unreadable["event."] != "NoPermission" {
		t.Errorf("%+v", r)
	}
}
