package history_test

import (
	"sync"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

func TestAPurgeTakesTheOldestRowsAndTheLogKeepsThem(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(6)
		d.CommitAt("old", noon.Add(-time.Hour)) // 7
		c := d.Collector(history.Filter{})
		c.Next(1)
		if n := d.Purge(noon.Add(2 * time.Second)); n != 3 {
			t.Errorf("purged %d", n)
		}
		same(t, "what lies ahead", drain(c), "3-6")
		if n := d.PurgeCount(2); n != 2 || d.Len() != 2 {
			t.Errorf("purged %d, %d are left", n, d.Len())
		}
		same(t, "anew", d.all(history.Filter{}), "5-6")
		same(t, "by key", d.above(0, 9), "5-6")
		same(t, "purged", d.fates(history.Purged), "1-4 7")
		for _, entry := range d.Log(6) {
			if entry.Key != 7 || entry.Ended != d.now.UnixMicro() || entry.Committed != noon.Add(6*time.Second).UnixMicro() {
				t.Errorf("the log says %+v", entry)
			}
		}
		if n := d.PurgeCount(100); n != 2 || d.Len() != 0 {
			t.Errorf("purged %d of the last two", n)
		}
		same(t, "all purged", d.above(0, 9), "")
		if row, ok := d.Latest(); ok {
			t.Errorf("latest is %+v of an empty history", row)
		}
	})
}

func TestTheOldestRowsAreThoseThatWereCreatedFirst(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(3)
		d.CommitAt("old", noon.Add(-time.Hour)) // 4
		d.PurgeCount(2)
		same(t, "left", d.all(history.Filter{}), "2-3")
	})
}

func TestARestoreBringsBackWhatWasAndReusesKeysWithNewTimes(t *testing.T) {
	inEachOrder(t, func(t *testing.T, options history.Options) {
		d := open(t, options)
		d.commit(5)
		d.PurgeCount(1)
		if n := d.Restore(noon.Add(2 * time.Second)); n != 2 {
			t.Errorf("%d rows vanished, want 4 and 5", n)
		}
		same(t, "restored", d.all(history.Filter{}), "1-3")
		if row, _ := d.Latest(); row.Key != 3 {
			t.Errorf("latest is %d", row.Key)
		}
		d.commit(3)
		same(t, "reused", d.all(history.Filter{}), "1-6")
		same(t, "erased", d.fates(history.Erased), "4-5")
		if d.Len() != 6 || d.Logged() != 8 {
			t.Errorf("%d rows, %d in the log", d.Len(), d.Logged())
		}
	})
}

func TestACursorSurvivesARestoreWhereItWas(t *testing.T) {
	for order, want := range map[string]string{"time": "4-7", "key": "6-7", "commit": "4-7"} {
		d := open(t, history.Options{Order: orders[order]})
		d.commit(5)
		c := d.Collector(history.Filter{})
		drain(c)
		d.Restore(noon.Add(2 * time.Second))
		d.commit(4) // 4 to 7, of which 4 and 5 lie behind a cursor at key 5
		same(t, order, drain(c), want)
	}
}

func TestARestoreToBeforeAnotherBringsBackWhatThatOneErased(t *testing.T) {
	d := open(t, history.Options{})
	d.commit(5)                          // to 4 s
	d.Restore(noon.Add(2 * time.Second)) // at 5 s: 4 and 5 go
	d.commit(2)                          // 4 and 5 again, at 5 and 6 s
	d.Restore(noon.Add(3 * time.Second)) // the old 4 is there again, at 3 s
	same(t, "keys", d.all(history.Filter{}), "1-4")
	if row, _ := d.Latest(); row.Key != 4 || !row.CreatedTime().Equal(noon.Add(3*time.Second)) {
		t.Errorf("latest is %+v", row)
	}
	d.commit(1)
	same(t, "and on", d.all(history.Filter{}), "1-5")
}

func TestTheCounterGoesBackToWhereItWas(t *testing.T) {
	for name, c := range map[string]struct {
		before func(d *database)
		want   int32 // the key of the next row after a restore to 10 s
	}{
		"nothing was there":        {func(d *database) { d.pass(20 * time.Second); d.commit(3) }, 1},
		"a row":                    {func(d *database) { d.commit(3); d.pass(20 * time.Second); d.commit(3) }, 4},
		"a reservation":            {func(d *database) { d.commit(3); d.CommitLate("x"); d.pass(20 * time.Second); d.commit(3) }, 5},
		"a reservation, committed": {func(d *database) { l := d.CommitLate("x"); d.commit(1); l.Commit(); d.pass(20 * time.Second) }, 3},
		"a late commit thereafter": {func(d *database) { l := d.CommitLate("x"); d.pass(20 * time.Second); d.commit(1); l.Commit() }, 2},
		"a jump":                   {func(d *database) { d.commit(1); d.SetNextKey(70); d.pass(20 * time.Second); d.commit(1) }, 70},
		"a jump, then a row":       {func(d *database) { d.SetNextKey(70); d.commit(1); d.pass(20 * time.Second); d.commit(1) }, 71},
		"a restore":                {func(d *database) { d.commit(4); d.Restore(noon); d.pass(20 * time.Second); d.commit(5) }, 2},
	} {
		d := open(t, history.Options{})
		c.before(d)
		d.Restore(noon.Add(10 * time.Second))
		if row := d.Commit("x"); row.Key != c.want {
			t.Errorf("%s: the next key is %d, want %d", name, row.Key, c.want)
		}
	}
}

func TestARestoreEndsTransactionsUnderWay(t *testing.T) {
	d := open(t, history.Options{})
	late := d.CommitLate("x")
	d.Restore(noon)
	if row, ok := late.Commit(); ok || d.Len() != 0 {
		t.Errorf("committed %+v", row)
	}
}

func TestImportedRowsWereCommittedThen(t *testing.T) {
	d := open(t, history.Options{FirstKey: 41})
	d.Import("a", noon.Add(-2*time.Hour))
	d.Import("b", noon.Add(-time.Hour))
	d.commit(1)
	d.Restore(noon.Add(-90 * time.Minute))
	same(t, "keys", d.all(history.Filter{}), "41")
	if row := d.Commit("x"); row.Key != 42 {
		t.Errorf("the next key is %d", row.Key)
	}
}

func TestLatestIsTheLastOneCommittedThatMayBeSeen(t *testing.T) {
	for shows, want := range map[bool]int32{false: 2, true: 3} {
		d := open(t, history.Options{LatestHidden: shows, Hidden: between(3, 3)})
		if row, ok := d.Latest(); ok {
			t.Errorf("latest is %+v of an empty history", row)
		}
		late := d.CommitLate("x") // 1
		d.commit(2)
		if row, _ := d.Latest(); row.Key != want {
			t.Errorf("hidden shown: %v: latest is %d, want %d", shows, row.Key, want)
		}
		late.Commit()
		if row, _ := d.Latest(); row.Key != 1 {
			t.Errorf("after a late commit latest is %d", row.Key)
		}
	}
}

func TestEveryChangeIsTold(t *testing.T) {
	d := open(t, history.Options{})
	var late *history.Late
	for name, change := range map[string]func(){
		"commit":  func() { d.Commit("x") },
		"late":    func() { late = d.CommitLate("x"); late.Commit() },
		"purge":   func() { d.Commit("x"); d.PurgeCount(1) },
		"restore": func() { d.Restore(noon) },
		"hide":    func() { d.Hide(odd) },
	} {
		changes := d.Changes()
		select {
		case <-changes:
			t.Errorf("told before %s", name)
		default:
		}
		change()
		select {
		case <-changes:
		default:
			t.Errorf("%s is not told", name)
		}
	}
	waiting := d.Changes()
	d.CommitLate("x")
	select {
	case <-waiting:
		t.Error("a reservation is told, and nobody can see it")
	default:
	}
}

func TestTheLogStaysRightWhileItGrows(t *testing.T) {
	d := open(t, history.Options{Hidden: odd})
	d.commit(600)
	seen := 0
	for position, entry := range d.Log(100) {
		seen++
		if position != 100+seen || int(entry.Key) != position || entry.Hidden != odd(&entry.Row) {
			t.Fatalf("entry %d is %+v", position, entry)
		}
		if seen == 1 {
			d.commit(5) // those are not part of it
			d.PurgeCount(300)
		}
	}
	if seen != 500 {
		t.Errorf("%d entries, want 500", seen)
	}
}

func TestWritersAndReadersDoNotDisturbEachOther(t *testing.T) {
	d := history.New(history.Options{Order: history.ByCommit})
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 500 {
				d.Commit("x")
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	c := d.Collector(history.Filter{Match: func(r *history.Row) bool { return d.Len() > 0 && r.Key > 0 }}) // may call back
	var rows []history.Row
	for running := true; running; {
		changes := d.Changes()
		rows = append(rows, c.Next(100)...)
		d.Latest()
		select {
		case <-changes:
		case <-done:
			running = false
		}
	}
	same(t, "read", keys(append(rows, c.Next(2000)...)), "1-2000")
}
