package history_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

var noon = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

// database is one with a clock that the test moves; each commit takes it a second on.
type database struct {
	*history.Database
	t   *testing.T
	now time.Time
}

func open(t *testing.T, options history.Options) *database {
	d := &database{t: t, now: noon}
	options.Clock = func() time.Time { return d.now }
	d.Database = history.New(options)
	return d
}

// commit adds n rows, one second after the other; the first one of all is created at noon.
func (d *database) commit(n int) {
	for range n {
		d.Commit("x")
		d.pass(time.Second)
	}
}

func (d *database) pass(span time.Duration) { d.now = d.now.Add(span) }

// all are the keys that a new collector reads in pages of three.
func (d *database) all(f history.Filter) string { return drain(d.Collector(f)) }

// drain reads to the end in pages of three. Empty pages end it only when they do not move the cursor.
func drain(c *history.Cursor) string {
	var rows []history.Row
	for page := c.Next(3); len(page) > 0; page = c.Next(3) {
		rows = append(rows, page...)
	}
	return keys(rows)
}

// keys writes keys short: 1-3 5.
func keys(rows []history.Row) string {
	var parts []string
	for i := 0; i < len(rows); {
		first, last := int64(rows[i].Key), int64(rows[i].Key)
		for i++; i < len(rows) && int64(rows[i].Key) == last+1; i++ {
			last++
		}
		if last > first {
			parts = append(parts, fmt.Sprintf("%d-%d", first, last))
		} else {
			parts = append(parts, fmt.Sprint(first))
		}
	}
	return strings.Join(parts, " ")
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

var orders = map[string]history.Order{"time": history.ByTime, "key": history.ByKey, "commit": history.ByCommit}

// inEachOrder runs a test that must not depend on the order.
func inEachOrder(t *testing.T, test func(t *testing.T, options history.Options)) {
	for name, order := range orders {
		t.Run(name, func(t *testing.T) { test(t, history.Options{Order: order}) })
	}
}

// fates are the keys of the log's rows that have had one.
func (d *database) fates(fate history.Fate) string {
	var rows []history.Row
	for _, entry := range d.Log(0) {
		if entry.Fate == fate {
			rows = append(rows, entry.Row)
		}
	}
	return keys(rows)
}

// above are the keys of After upward, below those downward, in ascending order.
func (d *database) above(key int32, limit int) string { return keys(d.after(key, true, limit)) }

func (d *database) below(key int32, limit int) string {
	return keys(reversed(d.after(key, false, limit)))
}

func (d *database) after(key int32, upward bool, limit int) []history.Row {
	d.t.Helper()
	rows, err := d.After(key, upward, limit, history.Filter{})
	if err != nil {
		d.t.Fatal(err)
	}
	return rows
}

func odd(r *history.Row) bool { return r.Key%2 != 0 }

func between(first, last int32) func(*history.Row) bool {
	return func(r *history.Row) bool { return first <= r.Key && r.Key <= last }
}

func bodies(rows []history.Row) string {
	var all []string
	for _, row := range rows {
		all = append(all, fmt.Sprint(row.Body))
	}
	return strings.Join(all, " ")
}

func reversed(rows []history.Row) []history.Row {
	slices.Reverse(rows)
	return rows
}
