package history_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// filled is a database with n rows, a millisecond apart until noon.
func filled(n int) *history.Database {
	d := history.New(history.Options{Clock: func() time.Time { return noon }})
	d.Grow(n)
	for i := range n {
		d.Import("x", noon.Add(time.Duration(i-n)*time.Millisecond))
	}
	return d
}

// An event of the workload must not cost more than this, or a long history does not fit beside the tests.
func TestARowCostsLittleMemory(t *testing.T) {
	const rows, limit = 100_000, 56
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d := filled(rows)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := float64(after.HeapAlloc-before.HeapAlloc) / rows; each > limit {
		t.Errorf("%.1f bytes a row, want at most %d", each, limit)
	}
	runtime.KeepAlive(d)
}

func BenchmarkImportAMillion(b *testing.B) {
	for b.Loop() {
		filled(1_000_000)
	}
}

func BenchmarkCommit(b *testing.B) {
	for name, order := range orders {
		b.Run(name, func(b *testing.B) {
			d := history.New(history.Options{Clock: func() time.Time { return noon }, Order: order})
			for b.Loop() {
				d.Commit("x")
			}
		})
	}
}

func BenchmarkCommitThroughTheBurstFilter(b *testing.B) {
	now := noon
	identity := func(any) history.Identity {
		return history.Identity{Class: "VmPoweredOnEvent", Object: "vm-1", User: "u"}
	}
	d := history.New(history.Options{Clock: func() time.Time { return now }, Burst: &history.Burst{Identity: identity}})
	for b.Loop() {
		now = now.Add(time.Millisecond)
		d.Commit("x")
	}
}

func BenchmarkCreateACollectorOnATimeAndReadAPageOf1000(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		for name, match := range map[string]func(*history.Row) bool{"": nil, "filtered/": odd} {
			d := filled(n)
			b.Run(fmt.Sprint(name, n), func(b *testing.B) {
				f := history.Filter{Begin: noon.Add(-time.Duration(n/2) * time.Millisecond), Match: match}
				b.ReportAllocs()
				for b.Loop() {
					if rows := d.Collector(f).Next(1000); len(rows) != 1000 {
						b.Fatal(len(rows))
					}
				}
			})
		}
	}
}

func BenchmarkCreateACollector(b *testing.B) {
	d := filled(100_000)
	for b.Loop() {
		d.Collector(history.Filter{Begin: noon.Add(-time.Second)})
	}
}

func BenchmarkARunOf2000EventsWithFaults(b *testing.B) {
	for b.Loop() {
		now := noon
		d := history.New(history.Options{Clock: func() time.Time { return now }, Order: history.ByKey})
		c := d.Collector(history.Filter{})
		var waiting []*history.Late
		for i := range 2000 {
			now = now.Add(time.Second)
			switch {
			case i%50 == 0:
				waiting = append(waiting, d.CommitLate("x"))
			case i%50 == 5:
				waiting[len(waiting)-1].Commit()
			case i == 1500:
				d.Restore(now.Add(-time.Minute))
			case i == 1700:
				d.PurgeCount(500)
			default:
				d.Commit("x")
			}
			if i%20 == 0 {
				c.Next(100)
			}
		}
	}
}
