package vcsim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

var everything = types.EventFilterSpec{}

// numbered returns n to m, both included.
func numbered(n, m int32) []int32 {
	var all []int32
	for ; n <= m; n++ {
		all = append(all, n)
	}
	return all
}

func wantKeys(t *testing.T, events []types.BaseEvent, want []int32) {
	t.Helper()
	if got := keys(events); !slices.Equal(got, want) {
		t.Fatalf("read %d events %v, want %d %v", len(got), abridge(got), len(want), abridge(want))
	}
}

func abridge(keys []int32) []int32 { return keys[:min(len(keys), 12)] }

func TestACollectorReadsEveryEventInOrderWithoutGapOrRepeat(t *testing.T) {
	server := start(t, vcsim.Config{History: 5000})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	events := readAll(t, client, collector, 333)
	wantKeys(t, events, numbered(1, 5001)) // the login is an event too
	if !slices.IsSortedFunc(events, byTime) {
		t.Error("times go back")
	}
}

func byTime(a, b types.BaseEvent) int {
	return a.GetEvent().CreatedTime.Compare(b.GetEvent().CreatedTime)
}

func TestACollectorThatIsAtTheEndReturnsWhatArrivesLater(t *testing.T) {
	server := start(t, vcsim.Config{History: 20})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	wantKeys(t, readAll(t, client, collector, 1000), numbered(1, 21))
	for range 7 {
		server.Post(&types.GeneralUserEvent{GeneralEvent: types.GeneralEvent{Message: "hello"}})
	}
	wantKeys(t, readAll(t, client, collector, 3), numbered(22, 28))
	wantKeys(t, readAll(t, client, collector, 3), nil)
}

func TestBothEndsOfTheTimeFilterAreInclusiveToTheMicrosecond(t *testing.T) {
	server := start(t, vcsim.Config{History: 100, HistorySpan: 100 * time.Second})
	client := login(t, server)
	events := readAll(t, client, mustCollect(t, client, everything), 1000)
	begin, end := events[40].GetEvent().CreatedTime, events[60].GetEvent().CreatedTime
	for _, c := range []struct {
		name        string
		begin, end  time.Time
		first, last int32
	}{
		{"exact", begin, end, 41, 61},
		{"one microsecond inside", begin.Add(time.Microsecond), end.Add(-time.Microsecond), 42, 60},
		{"one nanosecond inside", begin.Add(1), end.Add(-1), 42, 60},
	} {
		collector := mustCollect(t, client, types.EventFilterSpec{
			Time: &types.EventFilterSpecByTime{BeginTime: &c.begin, EndTime: &c.end},
		})
		t.Log(c.name)
		wantKeys(t, readAll(t, client, collector, 1000), numbered(c.first, c.last))
	}
}

func TestRewindStartsAtTheVeryOldestEventAgain(t *testing.T) {
	server := start(t, vcsim.Config{History: 30})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	readAll(t, client, collector, 1000)
	_, err := methods.RewindCollector(t.Context(), client, &types.RewindCollector{This: collector})
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, readAll(t, client, collector, 7), numbered(1, 31))
}

func TestReadPreviousGoesBackOverWhatWasReadNewestFirst(t *testing.T) {
	server := start(t, vcsim.Config{History: 30})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	if _, err := readNext(t, client, collector, 20); err != nil {
		t.Fatal(err)
	}
	response, err := methods.ReadPreviousEvents(t.Context(), client,
		&types.ReadPreviousEvents{This: collector, MaxCount: 5})
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, response.Returnval, []int32{20, 19, 18, 17, 16})
	next, err := readNext(t, client, collector, 3)
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, next, []int32{16, 17, 18})
}

func TestResetStandsBeforeTheLatestPage(t *testing.T) {
	server := start(t, vcsim.Config{History: 30})
	client := login(t, server)
	collector := mustCollect(t, client, types.EventFilterSpec{MaxCount: 5})
	_, err := methods.ResetCollector(t.Context(), client, &types.ResetCollector{This: collector})
	if err != nil {
		t.Fatal(err)
	}
	response, err := methods.ReadPreviousEvents(t.Context(), client,
		&types.ReadPreviousEvents{This: collector, MaxCount: 2})
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, response.Returnval, []int32{26, 25})
}

func TestAPageOutsideOneToAThousandIsRefused(t *testing.T) {
	client := login(t, start(t, vcsim.Config{History: 5}))
	collector := mustCollect(t, client, everything)
	for _, count := range []int32{-1, 0, 1001} {
		_, err := readNext(t, client, collector, count)
		wantFault[types.InvalidArgument](t, err)
	}
	wantKeys(t, readAll(t, client, collector, 1000), numbered(1, 6)) // and the cursor has not moved
}

func TestQueryEventsReturnsTheNewestFirst(t *testing.T) {
	client := login(t, start(t, vcsim.Config{History: 50}))
	response, err := methods.QueryEvents(t.Context(), client, &types.QueryEvents{
		This: *client.ServiceContent.EventManager, Filter: types.EventFilterSpec{MaxCount: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantKeys(t, response.Returnval, []int32{51, 50, 49})
}
