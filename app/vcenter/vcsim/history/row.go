package history

import "time"

// Row is one event as it is handed out: a copy, which nobody changes any more. The body is what was committed; many
// rows may share one, and it must not be written to.
type Row struct {
	Body       any
	Created    int64 // createdTime, in microseconds since 1970
	Key, Chain int32
	Hidden     bool // the account may not see it, as Hide says now
	Compressed bool // the burst filter has kept it out of the database

	number uint32 // position in the log
}

// CreatedTime is Created in UTC.
func (r *Row) CreatedTime() time.Time { return time.UnixMicro(r.Created).UTC() }

// record is one entry of the log. A million of them are held, so it is 48 bytes.
type record struct {
	body      any
	created   int64 // microseconds since 1970
	committed int64 // the same
	key       int32
	chain     int32
	incident  uint32 // what ended it; 0: it is there
	flags     flags
}

type flags uint8

const (
	hidden     flags = 1 << iota
	compressed       // kept out by the burst filter
	late             // its key was allotted before it was committed
)

func (r *record) is(f flags) bool { return r.flags&f != 0 }

// stored tells whether the row is in the database now.
func (r *record) stored() bool { return r.incident == 0 && !r.is(compressed) }

func (r *record) row(number uint32) Row {
	return Row{
		Body: r.body, Created: r.created, Key: r.key, Chain: r.chain,
		Hidden: r.is(hidden), Compressed: r.is(compressed), number: number,
	}
}

func (r *record) hide(by func(*Row) bool, number uint32) {
	r.flags &^= hidden
	if by == nil {
		return
	}
	if row := r.row(number); by(&row) {
		r.flags |= hidden
	}
}
