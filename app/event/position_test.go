package event_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
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
