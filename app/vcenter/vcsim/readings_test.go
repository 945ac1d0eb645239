package vcsim_test

import (
	"math"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func TestKeysWrapWhereTheReadingSays(t *testing.T) {
	for text, want := range map[string][]int32{
		"wrap=negative":                            {math.MaxInt32 - 1, math.MaxInt32, math.MinInt32, math.MinInt32 + 1},
		"wrap=one":                                 {math.MaxInt32 - 1, math.MaxInt32, 1, 2},
		"max-key=2147483646,wrap=one":              {math.MaxInt32 - 1, 1, 2, 3},
		"order=commit,max-key=2147483646":          {math.MaxInt32 - 1, math.MinInt32, math.MinInt32 + 1, math.MinInt32 + 2},
		"order=key,wrap=one,latest=hidden":         {1, 2, math.MaxInt32 - 1, math.MaxInt32},
		"order=key,hole=stuck,precision=1s":        {math.MinInt32, math.MinInt32 + 1, math.MaxInt32 - 1, math.MaxInt32},
		"order=time,hole=moves,latest=visible":     {math.MaxInt32 - 1, math.MaxInt32, math.MinInt32, math.MinInt32 + 1},
		"order=time,burst=live,max-key=2147483647": {math.MaxInt32 - 1, math.MaxInt32, math.MinInt32, math.MinInt32 + 1},
	} {
		readings, err := vcsim.ParseReadings(text)
		if err != nil {
			t.Fatal(err)
		}
		client := login(t, start(t, vcsim.Config{History: 3, FirstKey: math.MaxInt32 - 1, Readings: readings}))
		t.Log(text)
		wantKeys(t, readAll(t, client, mustCollect(t, client, everything), 1000), want)
	}
}

func TestTheEndsOfATimeFilterAreCutToThePrecisionOfTheReading(t *testing.T) {
	now := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	begin := now.Add(-10*time.Second + 900*time.Millisecond)
	spec := types.EventFilterSpec{Time: &types.EventFilterSpecByTime{BeginTime: &begin}}
	for text, want := range map[string]int32{"precision=1s": 91, "precision=1us": 92} {
		readings, err := vcsim.ParseReadings(text)
		if err != nil {
			t.Fatal(err)
		}
		client := login(t, start(t, vcsim.Config{
			History: 100, HistorySpan: 100 * time.Second, Readings: readings, Clock: func() time.Time { return now },
		}))
		t.Log(text)
		wantKeys(t, readAll(t, client, mustCollect(t, client, spec), 1000), numbered(want, 101))
	}
}

func TestTheLatestEventIsOneThatMayNotBeSeenOnlyWithThatReading(t *testing.T) {
	for text, want := range map[string]int32{"latest=visible": 4, "latest=hidden": 7} {
		readings, err := vcsim.ParseReadings(text)
		if err != nil {
			t.Fatal(err)
		}
		server := start(t, vcsim.Config{History: 6, Readings: readings, Faults: []string{"kind=hole,first=5,last=99"}})
		if got := retrieve(t, login(t, server), "latestEvent.key"); got["latestEvent.key"] != want {
			t.Errorf("%s: latest is %v, want %d", text, got, want)
		}
	}
}

func TestAnUnknownReadingIsRefusedAndTheKnownOnesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"order=random":     "order=random is none of time, key, commit",
		"odrer=key":        "odrer is not known here; there are order, hole, latest, paths, precision, max-key, burst, wrap",
		"order":            `"order" is not name=value`,
		"order=key,order=": `"order=" is not name=value`,
		"hole=a,wrap=b":    "hole=a is none of moves, stuck\nwrap=b is none of negative, one",
		"precision=-1s":    "precision=-1s is negative",
		"max-key=3e9":      "max-key=3e9 is no key",
	} {
		if _, err := vcsim.ParseReadings(text); err == nil || !contains(err, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
