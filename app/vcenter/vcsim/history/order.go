package history

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// Order is how a collector reads. The three are one as long as nothing is committed late, the clock does not step and
// the keys do not wrap.
type Order uint8

const (
	// ByTime is by createdTime, then key: what the API reference says.
	ByTime Order = iota
	// ByKey is by key as a signed number. A row behind a wrap to negative keys, and one committed late, is behind a
	// cursor that has passed its key.
	ByKey
	// ByCommit is by the moment at which a row became visible.
	ByCommit
)

// place is a position in an order: what is greater lies ahead, the rest behind. number makes it unique.
type place struct{ major, minor, number int64 }

var oldest = place{math.MinInt64, math.MinInt64, math.MinInt64}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.major, q.major), cmp.Compare(p.minor, q.minor), cmp.Compare(p.number, q.number))
}

// behind is where a cursor stands that has just read the row at p forward: by key, another row with the same key is
// behind it as well, as it is to a query for greater keys.
func (o Order) behind(p place) place {
	if o != ByCommit {
		p.number = math.MaxInt64
	}
	return p
}

// before is where a cursor stands that has just read the row at p backward.
func (o Order) before(p place) place {
	if o == ByCommit {
		p.number--
	} else {
		p.number = math.MinInt64
	}
	return p
}

func (o Order) place(created int64, key int32, number uint32) place {
	switch o {
	case ByKey:
		return place{int64(key), 0, int64(number)}
	case ByCommit:
		return place{0, 0, int64(number)}
	default:
		return place{created, int64(key), int64(number)}
	}
}

// index holds the numbers of those rows that are there, in an order.
type index struct {
	order  Order
	rows   []uint32
	sorted bool // by time as well, so that a time can be searched for
}

func newIndex(order Order) *index { return &index{order: order, sorted: true} }

func (x *index) place(records []record, number uint32) place {
	r := &records[number]
	return x.order.place(r.created, r.key, number)
}

// insert puts a row where it belongs. At the end it costs nothing, elsewhere what lies behind it is moved up.
func (x *index) insert(records []record, number uint32) {
	at := len(x.rows)
	if p := x.place(records, number); at > 0 && p.compare(x.place(records, x.rows[at-1])) < 0 {
		at = x.seek(records, p)
		x.rows = slices.Insert(x.rows, at, number)
	} else {
		x.rows = append(x.rows, number)
	}
	created := records[number].created
	if at > 0 && records[x.rows[at-1]].created > created ||
		at+1 < len(x.rows) && records[x.rows[at+1]].created < created {
		x.sorted = false
	}
}

// fill takes up the rows that keep says yes to, in place of those it had.
func (x *index) fill(records []record, keep func(*record) bool) {
	x.rows = x.rows[:0]
	for i := range records {
		if keep(&records[i]) {
			x.rows = append(x.rows, uint32(i))
		}
	}
	compare := func(a, b uint32) int { return x.place(records, a).compare(x.place(records, b)) }
	if !slices.IsSortedFunc(x.rows, compare) {
		slices.SortFunc(x.rows, compare)
	}
	x.checkTimes(records)
}

// drop removes the rows that have ended.
func (x *index) drop(records []record) {
	x.rows = slices.DeleteFunc(x.rows, func(number uint32) bool { return records[number].incident != 0 })
	if !x.sorted {
		x.checkTimes(records)
	}
}

func (x *index) checkTimes(records []record) {
	x.sorted = slices.IsSortedFunc(x.rows, func(a, b uint32) int {
		return cmp.Compare(records[a].created, records[b].created)
	})
}

// seek returns the first position ahead of p.
func (x *index) seek(records []record, p place) int {
	return sort.Search(len(x.rows), func(i int) bool { return x.place(records, x.rows[i]).compare(p) > 0 })
}

// since returns a position before which no row was created at or after that time.
func (x *index) since(records []record, created int64) int {
	if !x.sorted || created == math.MinInt64 {
		return 0
	}
	return sort.Search(len(x.rows), func(i int) bool { return records[x.rows[i]].created >= created })
}

// until returns a position behind which no row was created at or before that time.
func (x *index) until(records []record, created int64) int {
	if !x.sorted || created == math.MaxInt64 {
		return len(x.rows)
	}
	return sort.Search(len(x.rows), func(i int) bool { return records[x.rows[i]].created > created })
}
