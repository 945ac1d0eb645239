package history_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// filtered is a database with a burst filter after three in ten seconds; the body is the event's class.
func filtered(t *testing.T, live bool, order history.Order) *database {
	return open(t, history.Options{Order: order, Burst: &history.Burst{
		Limit: 3, Window: 10 * time.Second, Live: live,
		Identity: func(body any) history.Identity {
			if body == "exempt" {
				return history.Identity{}
			}
			return history.Identity{Class: body.(string)}
		},
		Notice: func(n history.Notice) any {
			kind := [...]string{"started", "compressed", "ended", "all-ended"}[n.Kind]
			if n.Kind == history.AllBurstsEnded {
				return kind
			}
			return fmt.Sprintf("%s:%s:%d@%d", kind, n.Class, n.Count, int(n.Start.Sub(noon).Seconds()))
		},
	}})
}

func (d *database) post(body string, n int, pause time.Duration) {
	for range n {
		d.Commit(body)
		d.pass(pause)
	}
}

func stored(d *database) string { return bodies(d.Collector(history.Filter{}).Next(1000)) }

func TestTheBurstFilterStoresWhatIsAllowedAndCountsTheRest(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := filtered(t, false, options.Order)
		d.post("x", 2, time.Second)
		d.post("y", 1, 0)
		d.post("x", 5, time.Second) // the 4th to the 7th are too many
		same(t, "during", stored(d), "x x y x started:x:0@0")
		if d.Len() != 5 {
			t.Errorf("%d rows are stored", d.Len())
		}
		d.Settle()
		same(t, "not over yet", stored(d), "x x y x started:x:0@0")
		d.pass(9 * time.Second)
		d.Settle()
		same(t, "after", stored(d), "x x y x started:x:0@0 compressed:x:4@0 ended:x:0@0 all-ended")
		suppressed := 0
		for _, entry := range d.Log(0) {
			if entry.Compressed {
				suppressed++
			}
		}
		if suppressed != 4 {
			t.Errorf("the log has %d suppressed rows", suppressed)
		}
		if row, _ := d.Latest(); row.Body != "all-ended" {
			t.Errorf("latest is %v", row.Body)
		}
		same(t, "the keys have gaps", d.above(0, 99), "1-5 10-12")
	})
}

func TestABurstEndsWhenItsEventsComeSlower(t *testing.T) {
	d := filtered(t, false, history.ByTime)
	d.post("x", 5, time.Second)
	d.post("z", 5, 0)
	d.pass(6 * time.Second) // the third x is 9 s old
	d.post("x", 1, 0)
	if got := stored(d); strings.Contains(got, "ended") {
		t.Errorf("ended too soon: %s", got)
	}
	d.pass(9 * time.Second) // that one is 9 s old, the one three before 18 s
	d.post("x", 1, 0)
	if got, want := stored(d), "x x x started:x:0@0 z z z started:z:0@5 compressed:z:2@5 ended:z:0@5 compressed:x:3@0 ended:x:0@0 all-ended x"; got != want {
		t.Errorf("stored\n%s, want\n%s", got, want)
	}
}

func TestTheNextBurstOfTheSameEventsIsCountedAnew(t *testing.T) {
	d := filtered(t, false, history.ByTime)
	for range 2 {
		d.post("x", 5, 0)
		d.pass(10 * time.Second)
	}
	d.Settle()
	if got := stored(d); strings.Count(got, "compressed:x:2@") != 2 {
		t.Errorf("stored %s", got)
	}
}

func TestABurstHasItsEventsWithinLessThanTheWindow(t *testing.T) {
	d := filtered(t, false, history.ByTime)
	d.post("x", 3, 0)
	d.pass(10 * time.Second)
	d.post("x", 1, 0)
	same(t, "stored", stored(d), "x x x x")
}

func TestSuppressedRowsAreNeitherPurgedNorLatestNorCounted(t *testing.T) {
	d := filtered(t, true, history.ByTime)
	d.post("x", 5, time.Second) // four rows, two suppressed
	if row, _ := d.Latest(); row.Compressed || d.Len() != 4 {
		t.Errorf("latest of %d is %+v", d.Len(), row)
	}
	d.post("y", 1, 0)
	d.Hide(func(r *history.Row) bool { return r.Body == "y" })
	if row, _ := d.Latest(); row.Key != 4 {
		t.Errorf("before the hidden one, latest is %+v", row)
	}
	if n := d.PurgeCount(9); n != 5 {
		t.Errorf("purged %d of 5", n)
	}
	d.post("x", 2, time.Second) // suppressed
	if n := d.Restore(noon.Add(time.Second)); n != 0 {
		t.Errorf("%d rows vanished, and none was there", n)
	}
}

func TestSlowAndExemptEventsAreNeverSuppressed(t *testing.T) {
	d := filtered(t, false, history.ByTime)
	d.post("x", 20, 4*time.Second)
	d.post("exempt", 20, 0)
	if d.Len() != 40 {
		t.Errorf("%d of 40 rows are stored", d.Len())
	}
}

func TestOnlyACollectorThatWasThereReadsSuppressedRowsAndOnlyIfToldSo(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		for live, want := range map[bool]string{false: "x x x started:x:0@0", true: "x x x started:x:0@0 x x"} {
			d := filtered(t, live, options.Order)
			was := d.Collector(history.Filter{})
			d.post("x", 5, time.Second)
			same(t, "live", bodies(was.Next(99)), want)
			same(t, "replayed", stored(d), "x x x started:x:0@0")
			same(t, "by key", d.above(0, 99), "1-4")
			was.Rewind()
			same(t, "rewound", bodies(was.Next(99)), "x x x started:x:0@0")
		}
	})
}

func TestTheBurstFilterIsSwitchedOffAndOn(t *testing.T) {
	d := filtered(t, false, history.ByTime)
	d.post("x", 5, 0)
	d.SetBurst(nil)
	d.post("x", 5, 0)
	same(t, "off", stored(d), "x x x started:x:0@0 compressed:x:2@0 ended:x:0@0 all-ended x x x x x")
	was := d.Collector(history.Filter{})
	d.SetBurst(&history.Burst{Live: true, Limit: 1, Window: time.Minute, Identity: func(any) history.Identity { return history.Identity{Class: "x"} }})
	d.post("x", 5, 0)
	if d.Len() != 13 {
		t.Errorf("%d rows are stored, want one more than 12", d.Len())
	}
	d.SetBurst(nil)
	if rows := was.Next(99); len(rows) != 13 {
		t.Errorf("read %d rows, want the 13 that are stored", len(rows))
	}
}

func TestARestoreForgetsBursts(t *testing.T) {
	d := filtered(t, false, history.ByTime)
	d.post("x", 5, time.Second)
	d.Restore(noon)
	d.post("x", 3, 0)
	same(t, "stored", stored(d), "x x x x")
}
