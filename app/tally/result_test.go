package tally_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vcrelay/vcrelay/app/tally"
)

func TestCompareCountsMissingDuplicatesAndForeign(t *testing.T) {
	log := []string{"a", "b", "c", "d"}
	for name, c := range map[string]struct {
		deliveries map[string]int
		want       tally.Result
		line       string
	}{
		"all once":         {map[string]int{"a": 1, "b": 1, "c": 1, "d": 1}, tally.Result{Relayed: 4, Delivered: 4}, "relayed 4 delivered 4 missing 0 duplicates 0"},
		"nothing":          {nil, tally.Result{Relayed: 4, Missing: log}, "relayed 4 delivered 0 missing 4 duplicates 0"},
		"a bit of it all":  {map[string]int{"a": 3, "c": 2, "d": 1, "x": 2, "y": 1}, tally.Result{Relayed: 4, Delivered: 3, Missing: []string{"b"}, Duplicates: 3, Foreign: 2}, "relayed 4 delivered 3 missing 1 duplicates 3"},
		"only foreign":     {map[string]int{"x": 5}, tally.Result{Relayed: 4, Missing: log, Foreign: 1}, "relayed 4 delivered 0 missing 4 duplicates 0"},
		"an id like a log": {map[string]int{"a ": 1, "": 1, "b": 1, "c": 1, "d": 1}, tally.Result{Relayed: 4, Delivered: 3, Missing: []string{"a"}, Foreign: 2}, "relayed 4 delivered 3 missing 1 duplicates 0"},
	} {
		got := tally.Compare(log, c.deliveries)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if got.String() != c.line {
			t.Errorf("%s: %s, want %s", name, got, c.line)
		}
	}
}

func TestALedgerCountsWholeLinesAndNoTornOne(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for text, want := range map[string]map[string]int{
		"":                                    {},
		"a\nb\na\n":                           {"a": 2, "b": 1},
		"vc-1-100\nvc-2-2":                    {"vc-1-100": 1}, // vc-2-200 was on its way
		"vc-1-100\nvc-2-2vc-3-300\n":          {"vc-1-100": 1, "vc-2-2vc-3-300": 1},
		long + "\n":                           {long: 1},
		"a\t2026-11-20T10:00:00.000000Z\na\n": {"a": 2},
	} {
		path := ledger(t, text)
		got, err := tally.ReadLedger(path)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%.40q: %d ids, %v", text, len(got), err)
		}
	}
}

func TestALedgerThatDoesNotExistYetHoldsNothing(t *testing.T) {
	got, err := tally.ReadLedger(filepath.Join(t.TempDir(), "none"))
	if err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
	if _, err := tally.ReadLedger(t.TempDir()); err == nil {
		t.Error("a folder was read as a ledger")
	}
}

func TestAwaitEndsAsSoonAsNothingIsMissing(t *testing.T) {
	path := ledger(t, "a\n")
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		time.AfterFunc(3*time.Second, func() { add(t, path, "b\n") })
		result, err := tally.Await(t.Context(), []string{"a", "b"}, path, time.Minute)
		if took := time.Since(began); err != nil || len(result.Missing) > 0 || took < 3*time.Second || took > 4*time.Second {
			t.Errorf("%s after %s: %v", result, took, err)
		}
	})
}

func TestAwaitIsPatientFromTheLastArrivalOn(t *testing.T) {
	path := ledger(t, "")
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		time.AfterFunc(50*time.Second, func() { add(t, path, "a\n") })
		time.AfterFunc(100*time.Second, func() { add(t, path, "b\n") })
		time.AfterFunc(120*time.Second, func() { add(t, path, "b\nforeign\n") }) // neither is news
		result, err := tally.Await(t.Context(), []string{"a", "b", "c"}, path, time.Minute)
		if took := time.Since(began); took < 160*time.Second || took > 161*time.Second {
			t.Errorf("gave up after %s, want a minute after the last arrival at 100s", took)
		}
		if want := (tally.Result{Relayed: 3, Delivered: 2, Missing: []string{"c"}, Duplicates: 1, Foreign: 1}); err != nil || !reflect.DeepEqual(result, want) {
			t.Errorf("%+v %v, want %+v", result, err, want)
		}
	})
}

func TestAwaitReturnsWhatThereIsWhenItsContextEnds(t *testing.T) {
	path := ledger(t, "a\n")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result, err := tally.Await(ctx, []string{"a", "b"}, path, time.Hour)
		if err != nil || result.Delivered != 1 || len(result.Missing) != 1 {
			t.Errorf("%+v %v", result, err)
		}
	})
}

func ledger(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "delivered.ids")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func add(t *testing.T, path, text string) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = file.Close() }()
	if _, err := file.WriteString(text); err != nil {
		t.Error(err)
	}
}
