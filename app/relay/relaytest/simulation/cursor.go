package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

var (
	errTooLarge = errors.New("event is larger than 64 MiB")
	errNoKey    = errors.New("event has no key that is a number")
)

// cursor is vcenter.Cursor. Its pages take turns in two buffers, as those of package vim do: what a reader keeps for too
// long changes under its hands.
type cursor struct {
	session  *session
	occupies bool // a collector of the session
	span     vcenter.Span
	read     func() ([]history.Row, error)

	turn    int
	buffers [2]buffer
	failed  bool
}

type buffer struct {
	items []vcenter.Item
	data  []byte
}

// Next is vcenter.Cursor.
func (c *cursor) Next(ctx context.Context) ([]vcenter.Item, error) {
	day := c.session.server.day
	if c.failed {
		day.fault("a cursor was used again after an error")
	}
	items, err := c.next(ctx, day)
	c.failed = err != nil
	return items, err
}

func (c *cursor) next(ctx context.Context, day *day) ([]vcenter.Item, error) {
	if err := c.session.arrive(ctx); err != nil {
		return nil, err
	}
	if day.trouble.take("page refused") {
		return nil, errFault
	}
	rows, err := c.read()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	switch {
	case day.trouble.take("response lost"):
		return nil, errReset // the cursor has moved
	case day.trouble.take("page hangs"):
		return nil, hang(ctx, c.session.process)
	case day.trouble.take("page slow"):
		err = pass(ctx, c.session.process, between(c.session.pages, time.Second, 20*time.Second))
	default:
		err = pass(ctx, c.session.process, between(c.session.pages, time.Millisecond, 10*time.Millisecond))
	}
	if err != nil {
		return nil, err
	}
	day.log.Trace().Stringer("cursor", c).Int("rows", len(rows)).Int32("from_key", rows[0].Key).Time("from", rows[0].CreatedTime()).
		Int32("to_key", rows[len(rows)-1].Key).Time("to", rows[len(rows)-1].CreatedTime()).Msg("SIMULATION: page")
	return c.fill(rows), nil
}

// String says what the cursor reads.
func (c *cursor) String() string {
	if !c.occupies {
		return "by key"
	}
	return c.span.Begin.Format(time.TimeOnly) + " to " + c.span.End.Format(time.TimeOnly)
}

func (c *cursor) fill(rows []history.Row) []vcenter.Item {
	into := &c.buffers[c.turn]
	c.turn = 1 - c.turn
	into.items, into.data = into.items[:0], into.data[:0]
	var ends []int
	for i := range rows {
		into.data = rows[i].Body.(*body).appendData(into.data)
		ends = append(ends, len(into.data))
	}
	begin := 0
	for i := range rows {
		into.items = append(into.items, c.item(&rows[i], into.data[begin:ends[i]:ends[i]]))
		begin = ends[i]
	}
	return into.items
}

func (c *cursor) item(row *history.Row, data []byte) vcenter.Item {
	b := row.Body.(*body)
	switch {
	case b.broken && c.session.server.readings.KeylessBroken:
		return vcenter.Item{Err: errNoKey}
	case b.broken:
		return vcenter.Item{Event: vimjson.Event{Key: row.Key, Created: row.CreatedTime()}, Err: errTooLarge}
	}
	e := vimjson.Event{Key: row.Key, Created: row.CreatedTime(), Class: b.class, TypeID: b.typeID, User: b.user, Data: data}
	if b.entity.Type == "HostSystem" {
		e.Host = b.entity
	} else {
		e.VM = b.entity
	}
	return vcenter.Item{Event: e}
}

// Close is vcenter.Cursor.
func (c *cursor) Close(ctx context.Context) {
	if !c.occupies || c.session.arrive(ctx) != nil {
		return
	}
	c.session.server.mu.Lock()
	defer c.session.server.mu.Unlock()
	c.session.collectors--
}
