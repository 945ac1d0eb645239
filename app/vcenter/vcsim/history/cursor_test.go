package history_test

import (
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

func TestACursorReadsEachRowOnceAndThenWhatArrivesLater(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(10)
		c := d.Collector(history.Filter{})
		same(t, "first", drain(c), "1-10")
		d.commit(4)
		same(t, "later", drain(c), "11-14")
		same(t, "then", drain(c), "")
	})
}

func TestAFilterThatRefusesMostStillReadsEachMatchOnce(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(2000)
		seldom := history.Filter{Match: func(r *history.Row) bool { return r.Key%500 == 7 }}
		same(t, "forward", d.all(seldom), "7 507 1007 1507")
		c := d.Collector(seldom)
		same(t, "a page of two", keys(c.Next(2)), "7 507")
		same(t, "back", keys(c.Previous(1)), "507")
		same(t, "again", keys(c.Next(1)), "507")
		same(t, "the rest", keys(c.Next(9)), "1007 1507")
		same(t, "every other one", d.all(history.Filter{Match: odd, End: noon.Add(8 * time.Second)}), "1 3 5 7 9")
	})
}

func TestPreviousGoesBackOverWhatWasRead(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(10)
		c := d.Collector(history.Filter{})
		same(t, "nothing behind", keys(c.Previous(5)), "")
		same(t, "page", keys(c.Next(6)), "1-6")
		same(t, "nearest first", keys(reversed(c.Previous(3))), "4-6")
		same(t, "forward again", keys(c.Next(2)), "4-5")
		c.End()
		same(t, "at the end", keys(c.Next(1)), "")
		same(t, "the newest", keys(c.Previous(1)), "10")
		c.Rewind()
		same(t, "rewound", keys(c.Next(1)), "1")
	})
}

func TestBothEndsOfATimeAreIncludedToTheMicrosecond(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(10) // key 1 at noon, key 10 nine seconds later
		begin, end := noon.Add(2*time.Second), noon.Add(5*time.Second)
		same(t, "exact", d.all(history.Filter{Begin: begin, End: end}), "3-6")
		same(t, "a nanosecond inside", d.all(history.Filter{Begin: begin.Add(1), End: end.Add(-1)}), "4-5")
		same(t, "no begin", d.all(history.Filter{End: begin}), "1-3")
		same(t, "no end", d.all(history.Filter{Begin: end}), "6-10")
		c := d.Collector(history.Filter{Begin: begin, End: end})
		c.End()
		same(t, "from the end", keys(reversed(c.Previous(9))), "3-6")
	})
}

func TestTheEndsOfATimeAreCutToThePrecision(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		options.TimePrecision = time.Second
		d := open(t, options)
		for range 10 {
			d.Commit("x")
			d.pass(500 * time.Millisecond)
		}
		begin, end := noon.Add(1900*time.Millisecond), noon.Add(3900*time.Millisecond)
		same(t, "cut", d.all(history.Filter{Begin: begin, End: end}), "3-7") // 1.0 s to 3.0 s
	})
}

func TestATimeIsFoundThoughTheClockHasSteppedBack(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(5) // noon to 4 s
		d.pass(-3 * time.Second)
		d.commit(5) // 2 s to 6 s
		f := history.Filter{Begin: noon.Add(3 * time.Second), End: noon.Add(4 * time.Second)}
		want := "4-5 7-8"
		if options.Order == history.ByTime {
			want = "4 7 5 8"
		}
		same(t, "read", d.all(f), want)
		far := open(t, options)
		far.commit(8) // noon to 7 s
		far.pass(-6 * time.Second)
		far.commit(1) // 2 s
		same(t, "until", far.all(history.Filter{End: noon.Add(2 * time.Second)}), "1-3 9")
	})
}

func TestAfterTheClockHasSteppedBackAReaderByTimeMissesWhatIsNew(t *testing.T) {
	for order, want := range map[string]string{"time": "8-10", "key": "6-10", "commit": "6-10"} {
		d := open(t, history.Options{Order: orders[order]})
		d.commit(5) // the last one at 4 s
		c := d.Collector(history.Filter{})
		drain(c)
		d.pass(-3 * time.Second)
		d.commit(5) // 2 s to 6 s; key 8 has the time of key 5, and follows it by its key
		same(t, order, drain(c), want)
	}
}

func TestALateRowIsMissedByACursorThatHasPassedItsPlace(t *testing.T) {
	for order, want := range map[string]struct{ passed, anew string }{
		"time": {"4", "1-4"}, "key": {"4", "1-4"}, "commit": {"2 4", "1 3 2 4"},
	} {
		d := open(t, history.Options{Order: orders[order]})
		d.commit(1)
		late := d.CommitLate("late")
		d.pass(time.Second)
		d.commit(1)
		c := d.Collector(history.Filter{})
		same(t, order+": before", drain(c), "1 3")
		if row, ok := late.Commit(); !ok || row.Key != 2 || !row.CreatedTime().Equal(noon.Add(time.Second)) {
			t.Errorf("%s: committed %+v, %v", order, row, ok)
		}
		if _, again := late.Commit(); again {
			t.Errorf("%s: committed twice", order)
		}
		d.commit(1)
		same(t, order+": passed", drain(c), want.passed)
		same(t, order+": anew", d.all(history.Filter{}), want.anew)
	}
}

func TestALateRowIsReadByACursorThatHasNotBegun(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(1)
		late := d.CommitLate("late")
		d.commit(1)
		c := d.Collector(history.Filter{Begin: noon.Add(time.Second)})
		late.Commit()
		if rows := c.Next(9); len(rows) != 2 {
			t.Errorf("read %s, want 2 and 3", keys(rows))
		}
	})
}

func TestRowsMayBeCreatedAtAnotherTime(t *testing.T) {
	for order, want := range map[string]string{"time": "3 1-2 4", "key": "1-4", "commit": "1-4"} {
		d := open(t, history.Options{Order: orders[order]})
		d.commit(2)
		d.CommitAt("x", noon.Add(-time.Hour))
		d.commit(1)
		same(t, order, d.all(history.Filter{}), want)
	}
}

func TestAHoleShortensPagesAndThenStopsOrNot(t *testing.T) {
	for stuck, want := range map[bool]string{false: "1-3 11-12 ", true: "1-3 "} {
		d := open(t, history.Options{StuckInHole: stuck, Hidden: between(4, 10)})
		d.commit(12)
		c := d.Collector(history.Filter{})
		got := ""
		for range 6 {
			if page := keys(c.Next(3)); page != "" {
				got += page + " "
			}
		}
		same(t, "pages", got, want)
		same(t, "a page beyond the hole", keys(d.Collector(history.Filter{}).Next(11)), "1-3 11")
		d.Hide(nil)
		if stuck {
			same(t, "without the hole", drain(c), "4-12")
		}
	}
}

func TestAHoleSmallerThanAPageDoesNotStop(t *testing.T) {
	d := open(t, history.Options{StuckInHole: true})
	d.commit(5)
	c := d.Collector(history.Filter{})
	d.Hide(between(2, 4))
	same(t, "short", keys(c.Next(3)), "1")
	same(t, "on", keys(c.Next(3)), "5")
	d.Hide(func(r *history.Row) bool { return r.Key > 5 })
	d.commit(1)
	same(t, "hidden", keys(c.Next(3)), "")
	d.Hide(nil)
	same(t, "the cursor has not moved", keys(c.Next(3)), "6")
}

func TestACursorThatMovesLosesWhatItPassedInAHole(t *testing.T) {
	d := open(t, history.Options{Hidden: between(1, 3)})
	d.commit(5)
	c := d.Collector(history.Filter{})
	same(t, "hidden", keys(c.Next(3)), "")
	d.Hide(nil)
	same(t, "moved", drain(c), "4-5")
}

func TestHiddenRowsCountForThePageOnlyIfTheyMatch(t *testing.T) {
	d := open(t, history.Options{Hidden: func(r *history.Row) bool { return !odd(r) }})
	d.commit(8)
	same(t, "odd ones", keys(d.Collector(history.Filter{Match: odd}).Next(3)), "1 3 5")
	same(t, "all", keys(d.Collector(history.Filter{}).Next(3)), "1 3")
}
