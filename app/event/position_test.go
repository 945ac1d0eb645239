package event_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

func at(key int32, when time.Time) *event.Event {
	return &event.Event{Origin: origin, Key: key, Created: when, Class: "VmPoweredOnEvent"}
}

func TestWhatWasAdvancedIsDoneAndNothingElse(t *testing.T) {
	var position event.Position
	position.Advance(at(10, created))
	for _, c := range []struct {
		name string
		key  int32
		when time.Time
		want bool
	}{
		{"the event itself", 10, created, true},
		{"a neighbour", 11, created, false},
		{"a lower key that was committed late", 9, created, false},
		{"the same key after a restore", 10, created.Add(time.Hour), false},
		{"the same key long ago, before a wrap", 10, created.Add(-time.Hour), false},
	} {
		if got := position.Done(c.key, c.when); got != c.want {
			t.Errorf("%s: Done = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAPositionSurvivesStorage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable on purpose
	position := event.Position{Epoch: 3, Start: created.Add(-time.Hour)}
	var done []*event.Event
	for i := range 5000 {
		e := at(int32(i)*3+int32(random.IntN(3)), created.Add(time.Duration(i)*7*time.Millisecond)) //nolint:gosec // small
		position.Advance(e)
		done = append(done, e)
	}
	restored := store(t, position)
	if restored.Epoch != 3 || !restored.Low.Equal(position.Low) || restored.Key != position.Key || !restored.Start.Equal(position.Start) {
		t.Errorf("restored %+v", restored)
	}
	for _, e := range done {
		if !restored.Done(e.Key, e.Created) {
			t.Fatalf("event %d was forgotten", e.Key)
		}
		if restored.Done(e.Key-3, e.Created) && e.Key < 3 {
			t.Fatalf("event %d was never done", e.Key-3)
		}
	}
	if restored.Recent.Len() != position.Recent.Len() {
		t.Errorf("%d events remembered, want %d", restored.Recent.Len(), position.Recent.Len())
	}
}

func TestKeysAtTheEndsOfTheirRangeSurviveStorage(t *testing.T) {
	var position event.Position
	keys := []int32{math.MaxInt32, math.MinInt32, -1, 0, 1, math.MaxInt32 - 64}
	for i, key := range keys {
		position.Advance(at(key, created.Add(time.Duration(i)*time.Second)))
	}
	restored := store(t, position)
	for i, key := range keys {
		if !restored.Done(key, created.Add(time.Duration(i)*time.Second)) {
			t.Errorf("key %d was forgotten", key)
		}
	}
}

func TestARecordStaysSmallAtAThousandEventsASecond(t *testing.T) {
	const limit = 64 << 10
	for name, step := range map[string]int{"all": 1, "every seventh": 7} {
		var position event.Position
		for i := 0; i < 600_000; i += step { // ten minutes
			position.Advance(at(int32(i), created.Add(time.Duration(i)*time.Millisecond))) //nolint:gosec // small
		}
		text, err := json.Marshal(position)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > limit {
			t.Errorf("%s: record has %d bytes, limit %d", name, len(text), limit)
		}
	}
}

// A live stream is settled by sweeps, which lag behind: by half a minute where keys are missing, by two minutes else.
func TestARecordStaysSmallWhileSweepsLagBehind(t *testing.T) {
	const limit = 64 << 10
	for name, c := range map[string]struct {
		step  int
		sweep time.Duration
	}{"all": {1, 2 * time.Minute}, "every seventh": {7, 30 * time.Second}} {
		var position event.Position
		swept, largest := created, 0
		for i := 0; i < 600_000; i += c.step {
			now := created.Add(time.Duration(i) * time.Millisecond)
			position.Advance(at(int32(i), now)) //nolint:gosec // small
			if now.Sub(swept) < c.sweep {
				continue
			}
			text, err := json.Marshal(position)
			if err != nil {
				t.Fatal(err)
			}
			largest = max(largest, len(text))
			swept = now
			position.Settle(now.Add(-event.Overlap))
		}
		t.Logf("%s: %d bytes", name, largest)
		if largest > limit {
			t.Errorf("%s: record has %d bytes, limit %d", name, largest, limit)
		}
	}
}

func TestReadingBeginsWhereHistoryIsSettled(t *testing.T) {
	var position event.Position
	for i := range 600 {
		position.Advance(at(int32(i), created.Add(time.Duration(i)*time.Second))) //nolint:gosec // small
	}
	position.Settle(created.Add(400 * time.Second))
	restored := store(t, position)
	begin := restored.ReadFrom()
	if begin.After(position.Settled) || begin.Before(position.Settled.Add(-10*time.Second)) {
		t.Errorf("reading begins at %s, settled is %s", begin, position.Settled)
	}
	for i := range 600 {
		when := created.Add(time.Duration(i) * time.Second)
		if !when.Before(begin) && !restored.Done(int32(i), when) { //nolint:gosec // small
			t.Fatalf("event %d would be read again and published again", i)
		}
	}
	position.Settle(time.Time{})
	if position.Settled.IsZero() {
		t.Error("a page that settles nothing has unsettled what was")
	}
}

func TestALateEventDoesNotMoveThePlaceOfReading(t *testing.T) {
	var position event.Position
	position.Advance(at(10, created))
	late := at(7, created.Add(-5*time.Second))
	late.Late = true
	position.Advance(late)
	if position.Key != 10 || !position.Low.Equal(created) || !position.Done(7, late.Created) {
		t.Errorf("position is at key %d, %s", position.Key, position.Low)
	}
}

func TestKeysThatStartAnewAreNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		key     int32
		after   time.Duration
		rewound bool
		wrapped bool
	}{
		"the next event":                        {key: 1001, after: time.Second},
		"after a gap of keys":                   {key: 900_000, after: time.Second},
		"committed late":                        {key: 990, after: -3 * time.Second},
		"a little later with a lower key":       {key: 990, after: 3 * time.Second},
		"the same key long after":               {key: 1000, after: 10 * time.Minute, rewound: true},
		"a known key at another time":           {key: 960, after: 5 * time.Second, rewound: true},
		"a lower key that is not known, though": {key: 17, after: 10 * time.Minute, rewound: true},
		"a key from before a wrap, late":        {key: math.MaxInt32 - 5, after: -3 * time.Second},
		"a key from before a wrap, given again": {key: math.MaxInt32 - 5, after: 10 * time.Minute, rewound: true},
	} {
		var position event.Position
		for key := int32(950); key <= 1000; key++ {
			if key != 990 && key%7 != 0 {
				position.Advance(at(key, created.Add(time.Duration(key-1000)*time.Second)))
			}
		}
		position.Advance(at(1000, created))
		rewound, wrapped := position.Rewound(c.key, created.Add(c.after))
		if rewound != c.rewound || wrapped != c.wrapped {
			t.Errorf("%s: rewound %v, wrapped %v", name, rewound, wrapped)
		}
	}
	for from, to := range map[int32]int32{math.MaxInt32: math.MinInt32, 2_147_480_000: 1, math.MaxInt32 - 3: math.MinInt32 + 5, 2_147_483_600: 0} {
		var position event.Position
		position.Advance(at(from, created))
		if rewound, wrapped := position.Rewound(to, created.Add(time.Millisecond)); !rewound || !wrapped {
			t.Errorf("from %d to %d: rewound %v, wrapped %v", from, to, rewound, wrapped)
		}
	}
}

func TestAReusedKeyIsNotTakenForTheOneBefore(t *testing.T) {
	var position event.Position
	for key := int32(64); key < 128; key++ {
		position.Advance(at(key, created.Add(time.Duration(key)*time.Second)))
	}
	rewound, err := event.Gap{Kind: event.KindRewound, FromKey: 127, ToKey: 100}.Announce(origin)
	if err != nil {
		t.Fatal(err)
	}
	position.Advance(&rewound)
	again := created.Add(20 * time.Minute)
	position.Advance(at(100, again))
	restored := store(t, position)
	for _, p := range []*event.Position{&position, &restored} {
		if p.Epoch != 1 {
			t.Errorf("epoch is %d", p.Epoch)
		}
		if p.Done(101, again.Add(-10*time.Second)) || p.Done(101, created.Add(10*time.Minute)) {
			t.Error("a key of the epoch before hides one of this epoch")
		}
		if !p.Done(101, created.Add(101*time.Second)) || !p.Done(100, again) {
			t.Error("an event of either epoch was forgotten")
		}
	}
}

func TestAnOpenGapIsTheFirstMissingKeyOfWhatIsNotSettled(t *testing.T) {
	fill := func(keys ...int32) *event.Position {
		var position event.Position
		for _, key := range keys {
			position.Advance(at(key, created.Add(time.Duration(key)*time.Second)))
		}
		return &position
	}
	run := func(from, to int32, but ...int32) []int32 {
		var keys []int32
		for key := from; key <= to; key++ {
			if !slices.Contains(but, key) {
				keys = append(keys, key)
			}
		}
		return keys
	}
	for name, c := range map[string]struct {
		keys   []int32
		before int32
		found  bool
	}{
		"none":                  {nil, 0, false},
		"one event":             {run(5, 5), 0, false},
		"no gap":                {run(3, 300), 0, false},
		"inside a block":        {run(3, 60, 40), 39, true},
		"at the end of a block": {run(3, 200, 63), 62, true},
		"at its beginning":      {run(3, 200, 64), 63, true},
		"several":               {run(3, 200, 100, 150), 99, true},
		"a whole block":         {append(run(3, 63), run(128, 130)...), 63, true},
	} {
		if before, found := fill(c.keys...).OpenGap(); before != c.before || found != c.found {
			t.Errorf("%s: before %d, found %v", name, before, found)
		}
	}
	position := fill(run(1, 1000, 100, 700)...)
	position.Settle(created.Add(500 * time.Second))
	if before, found := position.OpenGap(); before != 699 || !found {
		t.Errorf("with a gap in what is settled: before %d, found %v", before, found)
	}
	position = fill(run(1, 1000, 639)...) // the last key of its block, and all others of that are settled
	position.Settle(created.Add(638*time.Second + 1))
	if before, found := position.OpenGap(); before != 638 || !found {
		t.Errorf("with a gap below the lowest that is not settled: before %d, found %v", before, found)
	}
}

func TestMissingCountsTheKeysThatWereNotRead(t *testing.T) {
	var position event.Position
	for _, key := range []int32{9, 10, 12, 63, 64, 200} {
		position.Advance(at(key, created))
	}
	for _, check := range []struct {
		after, before int32
		want          int
	}{{9, 13, 1}, {10, 65, 51}, {9, 10, 0}, {200, 1300, 1099}, {math.MaxInt32 - 1, math.MinInt32 + 1, 2}} {
		if got := position.Missing(check.after, check.before); got != check.want {
			t.Errorf("between %d and %d: %d keys are missing, want %d", check.after, check.before, got, check.want)
		}
	}
}

func TestReadingByKeyBeginsBeforeTheLowestThatIsReadAgain(t *testing.T) {
	var position event.Position
	if _, found := position.KeyToReadFrom(); found {
		t.Error("the beginning of history has a key")
	}
	for key := int32(1); key <= 1000; key++ {
		position.Advance(at(key, created.Add(time.Duration(key)*time.Second)))
	}
	position.Settle(created.Add(900 * time.Second))
	after, found := position.KeyToReadFrom()
	if !found || after > 897 || after < 800 {
		t.Errorf("after %d, found %v", after, found)
	}
	position = event.Position{}
	for _, key := range []int32{100, 101, 102} {
		position.Advance(at(key, created.Add(time.Duration(key)*time.Second)))
	}
	if after, found = position.KeyToReadFrom(); found {
		t.Errorf("after %d, though keys below the first may have been created just before", after)
	}
	for _, key := range []int32{192, 193} {
		position.Advance(at(key, created.Add(time.Duration(key)*time.Second)))
	}
	if after, found = position.KeyToReadFrom(); !found || after != 102 {
		t.Errorf("before keys that are missing: after %d, found %v", after, found)
	}
	position.Advance(at(-5, created.Add(1001*time.Second)))
	if _, found := position.KeyToReadFrom(); found {
		t.Error("negative keys cannot be asked for")
	}
}

func TestRecentRemembersAtLeastTheOverlap(t *testing.T) {
	var position event.Position
	for i := range 300_000 {
		position.Advance(at(int32(i), created.Add(time.Duration(i)*time.Millisecond))) //nolint:gosec // small
	}
	for i := range 300_000 {
		when := created.Add(time.Duration(i) * time.Millisecond)
		if !when.Before(position.ReadFrom()) && !position.Done(int32(i), when) { //nolint:gosec // small
			t.Fatalf("event %d would be read again and published again", i)
		}
	}
}

func TestTheKeyBeforeWhatIsReadAgainIsNotForgotten(t *testing.T) {
	var position event.Position
	for i := range int32(1000) { // each in a block of its own
		when := created.Add(time.Duration(i) * time.Hour)
		position.Advance(at(1+64*i, when))
		position.Settle(when)
		if after, found := position.KeyToReadFrom(); i > 0 && (!found || after != 1+64*(i-1)) {
			t.Fatalf("event %d: after %d, found %v", i, after, found)
		}
	}
	if n := position.Recent.Len(); n > 100 {
		t.Errorf("%d events are remembered", n)
	}
}

func TestReadingBeginsAnOverlapBeforeLowAndNeverBeforeTheStart(t *testing.T) {
	position := event.Position{Start: created}
	if got := position.ReadFrom(); !got.Equal(created) {
		t.Errorf("first reading begins at %s", got)
	}
	position.Advance(at(1, created.Add(time.Second)))
	if got := position.ReadFrom(); !got.Equal(created) {
		t.Errorf("reading would begin before the start, at %s", got)
	}
	position.Advance(at(2, created.Add(time.Hour)))
	if got, want := position.ReadFrom(), created.Add(time.Hour-event.Overlap); !got.Equal(want) {
		t.Errorf("reading begins at %s, want %s", got, want)
	}
	if !position.Done(7, created.Add(-time.Nanosecond)) || position.Done(7, created) {
		t.Error("what lies before the start is not wanted, and what lies at it is")
	}
}

func TestLowMayStepBack(t *testing.T) {
	var position event.Position
	position.Advance(at(1, created))
	position.Advance(at(2, created.Add(-30*time.Second)))
	if !position.Low.Equal(created.Add(-30 * time.Second)) {
		t.Errorf("low is %s: a clock that stepped back would hide what follows", position.Low)
	}
}

func TestAnAnnouncementDoesNotMoveThePosition(t *testing.T) {
	gap, err := event.Gap{FromKey: 5, From: created}.Announce(origin)
	if err != nil {
		t.Fatal(err)
	}
	var position event.Position
	position.Advance(&gap)
	if position.Key != 0 || position.Done(5, created) {
		t.Error("an announcement was counted as an event")
	}
}

func TestACloneIsNotMovedByItsOriginal(t *testing.T) {
	var position event.Position
	position.Advance(at(1, created))
	clone := position.Clone()
	position.Advance(at(2, created))
	if clone.Done(2, created) {
		t.Error("the clone moved")
	}
}

func TestDamagedPositionsAreRefused(t *testing.T) {
	var position event.Position
	for i := range int32(200) {
		position.Advance(at(i*2, created))
	}
	text, err := position.Recent.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{
		"empty": "", "cut": string(text[:len(text)/2+1]), "no base64": "*" + string(text), "other version": "Aw",
	} {
		var read event.Recent
		if err := read.UnmarshalText([]byte(damaged)); err == nil {
			t.Errorf("%s: taken for %d events", name, read.Len())
		}
	}
}

func FuzzReadingAStoredPositionNeverPanics(f *testing.F) {
	f.Add([]byte(`{"epoch":0,"key":1,"recent":"AQ"}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		var position event.Position
		if json.Unmarshal(text, &position) == nil {
			_ = position.Done(1, created)
		}
	})
}

func TestStart(t *testing.T) {
	now := created
	for text, want := range map[string]time.Time{
		"": now, "now": now, "oldest": {}, "-2h": now.Add(-2 * time.Hour), "2026-11-01T00:00:00+01:00": time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC),
	} {
		start, err := event.ParseStart(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if got := start.Position(now).Start; !got.Equal(want) {
			t.Errorf("%q begins at %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"yesterday", "2h", "-", "-x", "--2h", "2026-11-01"} {
		if _, err := event.ParseStart(text); err == nil || !strings.Contains(err.Error(), "-2h") {
			t.Errorf("%q: %v does not say what to write", text, err)
		}
	}
}

func store(t *testing.T, position event.Position) event.Position {
	t.Helper()
	text, err := json.Marshal(position)
	if err != nil {
		t.Fatal(err)
	}
	var restored event.Position
	if err := json.Unmarshal(text, &restored); err != nil {
		t.Fatal(err)
	}
	return restored
}
