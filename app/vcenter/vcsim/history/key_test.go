package history_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

func TestTheKeyWrapsWhereItIsToldTo(t *testing.T) {
	for _, c := range []struct {
		order   string
		options history.Options
		live    string // read by a cursor that is at the end when the wrap comes
		anew    string
	}{
		{"time", history.Options{}, "2147483646-2147483647 -2147483648--2147483647", "2147483645-2147483647 -2147483648--2147483647"},
		{"key", history.Options{}, "2147483646-2147483647", "-2147483648--2147483647 2147483645-2147483647"},
		{"commit", history.Options{WrapTo: 1}, "2147483646-2147483647 1-2", "2147483645-2147483647 1-2"},
		{"time", history.Options{WrapTo: 1}, "2147483646-2147483647 1-2", "2147483645-2147483647 1-2"},
		{"key", history.Options{WrapTo: 1}, "2147483646-2147483647", "1-2 2147483645-2147483647"},
		{"time", history.Options{MaxKey: 2147483646, WrapTo: -5}, "2147483646 -5--3", "2147483645-2147483646 -5--3"},
	} {
		c.options.Order, c.options.FirstKey = orders[c.order], math.MaxInt32-2
		d := open(t, c.options)
		d.commit(1)
		live := d.Collector(history.Filter{})
		drain(live)
		d.commit(4)
		same(t, c.order+" live", drain(live), c.live)
		same(t, c.order+" anew", d.all(history.Filter{}), c.anew)
		if row, ok := d.Latest(); !ok || row.Key > 2147483645 {
			t.Errorf("%s: latest is %+v, want the last one committed", c.order, row)
		}
	}
}

func TestTheCounterJumpsWhereItIsSet(t *testing.T) {
	d := open(t, history.Options{})
	d.commit(2)
	d.SetNextKey(100)
	d.commit(2)
	same(t, "keys", d.all(history.Filter{}), "1-2 100-101")
}

func TestAfterReadsByKeyInAnyOrder(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(3)
		late := d.CommitLate("late") // 4
		d.CommitAt("x", noon.Add(-time.Hour))
		same(t, "above", d.above(0, 3), "1-3")
		same(t, "the next page", d.above(3, 3), "5")
		late.Commit()
		d.commit(1)
		same(t, "with the late one", d.above(2, 9), "3-6")
		same(t, "below", d.below(5, 3), "2-4")
		same(t, "the newest", d.below(2147480000, 2), "5-6")
		same(t, "below the first", d.below(1, 2), "")
		d.PurgeCount(2)
		d.Restore(noon.Add(2 * time.Second))
		same(t, "purged rows are back, later ones gone", d.above(0, 9), "1-3")
	})
}

func TestAfterNeverReturnsNegativeKeys(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		options.FirstKey = math.MaxInt32 - 1
		d := open(t, options)
		d.commit(5)
		same(t, "above", d.above(0, 9), "2147483646-2147483647")
		same(t, "at the end", d.above(math.MaxInt32, 9), "")
		same(t, "below", d.below(math.MaxInt32, 9), "2147483646")
		if _, err := d.After(-1, true, 9, history.Filter{}); !errors.Is(err, history.ErrNegativeKey) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestAfterTakesThePageBeforeThePermissionsAndAfterTheFilter(t *testing.T) {
	d := open(t, history.Options{Hidden: between(3, 6)})
	d.commit(9)
	same(t, "short", d.above(1, 3), "2")
	same(t, "empty", d.above(2, 3), "")
	rows, err := d.After(0, true, 3, history.Filter{Match: odd, Begin: noon.Add(time.Second), End: noon.Add(8 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "odd, from key 2 on: 3, 5 and 7", keys(rows), "7")
}
