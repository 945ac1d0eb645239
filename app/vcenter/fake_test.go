package vcenter_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// lab is a vCenter without SOAP: the session makes its calls straight to the event database of the simulated one. It is used
// in a bubble of synctest, so a day takes no time.
type lab struct {
	t       *testing.T
	db      *history.Database
	version string
	step    time.Duration // of vCenter's clock against that of the bubble
	deaf    bool          // vCenter does not tell of new events

	asksFor      func(*history.Row) bool // what a session asks for; nil: all
	refuseKeys   bool                    // reading by key is a fault
	latestByTime bool                    // the newest event is the one created last, not the one committed last
	highest      vcenter.Mark
	hangs        bool // what tidies up is not answered
	answer       func(items []vcenter.Item) ([]vcenter.Item, error)
	reuses       bool // the memory of a page is used again after the next one, as package vim does

	mu      sync.Mutex
	era     int // sessions of one before have ended
	dials   int
	leaves  int // sessions that were closed
	cursors int // open ones by time
	opened  int // feeds by time that were opened
	byKey   int // pages that were read by key
}

func newLab(t *testing.T, options history.Options) *lab {
	l := &lab{t: t, version: "8.0.3.0"}
	options.Clock = l.now
	l.db = history.New(options)
	return l
}

func (l *lab) now() time.Time { return time.Now().Add(l.step).UTC() }

func (l *lab) source() *vcenter.Source {
	return vcenter.NewSource("lab", l.dial, zerolog.Nop())
}

func (l *lab) dial(context.Context) (vcenter.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dials++
	return &labSession{lab: l, era: l.era}, nil
}

// endSessions has vCenter forget them.
func (l *lab) endSessions() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.era++
}

// add commits n events about one machine, some apart.
func (l *lab) add(n int, apart time.Duration) {
	for range n {
		l.db.Commit("vm-1")
		if apart > 0 {
			<-time.After(apart)
		}
	}
}

type labSession struct {
	lab *lab
	era int
}

func (s *labSession) err() error {
	s.lab.mu.Lock()
	defer s.lab.mu.Unlock()
	if s.era != s.lab.era {
		return fmt.Errorf("%w: NotAuthenticated", vcenter.ErrSessionEnded)
	}
	return nil
}

func (s *labSession) Origin() *event.Origin {
	return &event.Origin{InstanceUUID: "3c0f7a10", Source: "https://lab/sdk", Name: "lab", APIVersion: s.lab.version}
}

func (s *labSession) Now(context.Context) (time.Time, error) { return s.lab.now(), nil }

func (s *labSession) Latest(context.Context) (vcenter.Mark, bool, error) {
	newest, found := s.lab.latest()
	return newest, found, nil
}

func (l *lab) latest() (vcenter.Mark, bool) {
	row, found := l.db.Latest()
	if l.asksFor != nil {
		row, found = l.latestAskedFor()
	}
	newest := vcenter.Mark{Key: row.Key, Created: row.CreatedTime()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.latestByTime && newest.Created.Before(l.highest.Created) {
		return l.highest, true
	}
	l.highest = newest
	return newest, found
}

// latestAskedFor is what vCenter shows of a collector that selects.
func (l *lab) latestAskedFor() (row history.Row, found bool) {
	for _, entry := range l.db.Log(0) {
		if !entry.Hidden && !entry.Compressed && entry.Ended == 0 && l.asksFor(&entry.Row) {
			row, found = entry.Row, true
		}
	}
	return row, found
}

func (s *labSession) Watch(ctx context.Context, changed func(vcenter.Mark)) error {
	if s.lab.deaf {
		return errors.New("no updates here")
	}
	for s.err() == nil {
		changes := s.lab.db.Changes()
		if newest, found := s.lab.latest(); found {
			changed(newest)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changes:
		}
	}
	return s.err()
}

func (s *labSession) OpenSpan(_ context.Context, span vcenter.Span) (vcenter.Cursor, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	s.lab.mu.Lock()
	defer s.lab.mu.Unlock()
	s.lab.cursors++
	if span.End.IsZero() {
		s.lab.opened++
	}
	if s.lab.cursors > 32 {
		return nil, errors.New("InvalidState")
	}
	filter := history.Filter{Begin: span.Begin, End: span.End}
	if !span.All {
		filter.Match = s.lab.asksFor
	}
	cursor := s.lab.db.Collector(filter)
	return &labCursor{session: s, lab: s.lab, next: func() ([]history.Row, error) { return cursor.Next(vcenter.PageSize), nil }, timed: true}, nil
}

func (s *labSession) CanOpenAfter() bool { return s.lab.version >= "9" && !s.lab.refuseKeys }

func (s *labSession) OpenAfter(after int32) vcenter.Cursor {
	return &labCursor{session: s, lab: s.lab, next: func() ([]history.Row, error) {
		s.lab.mu.Lock()
		s.lab.byKey++
		s.lab.mu.Unlock()
		rows, err := s.lab.db.After(after, true, vcenter.PageSize, history.Filter{Match: s.lab.asksFor})
		if len(rows) > 0 {
			after = rows[len(rows)-1].Key
		}
		return rows, err
	}}
}

func (s *labSession) Close(ctx context.Context) {
	s.lab.hang(ctx)
	s.lab.mu.Lock()
	defer s.lab.mu.Unlock()
	s.lab.leaves++
}

func (l *lab) hang(ctx context.Context) {
	if l.hangs {
		<-ctx.Done()
	}
}

type labCursor struct {
	session *labSession
	lab     *lab
	next    func() ([]history.Row, error)
	timed   bool
	pages   [2][]vcenter.Item // that were given last
}

func (c *labCursor) Next(context.Context) ([]vcenter.Item, error) {
	if err := c.session.err(); err != nil {
		return nil, err
	}
	items, err := c.read()
	if c.lab.reuses {
		for i := range c.pages[0] {
			clear(c.pages[0][i].Data)
		}
		c.pages = [2][]vcenter.Item{c.pages[1], items}
	}
	return items, err
}

func (c *labCursor) read() ([]vcenter.Item, error) {
	rows, err := c.next()
	items := make([]vcenter.Item, 0, len(rows))
	for i := range rows {
		e := vimjson.Event{Key: rows[i].Key, Created: rows[i].CreatedTime(), Class: "VmPoweredOnEvent"}
		switch body := rows[i].Body.(type) {
		case string:
			e.VM.Type, e.VM.Value = "VirtualMachine", body
			e.Data = fmt.Appendf(nil, `{"_typeName":"VmPoweredOnEvent","key":%d}`, e.Key)
		case vimjson.Event:
			e.Class, e.TypeID, e.Data = body.Class, body.TypeID, body.Data
		}
		items = append(items, vcenter.Item{Event: e})
	}
	if err == nil && c.lab.answer != nil {
		return c.lab.answer(items)
	}
	return items, err
}

func (c *labCursor) Close(ctx context.Context) {
	c.lab.hang(ctx)
	if c.timed {
		c.lab.mu.Lock()
		defer c.lab.mu.Unlock()
		c.lab.cursors--
	}
}

// follower does what the relay does: it reads, counts as done, and opens another reader from the position after an error.
type follower struct {
	lab      *lab
	source   *vcenter.Source
	position event.Position

	mu     sync.Mutex
	events []event.Event
	at     []time.Time // when each came, by the clock of the bubble
	stop   context.CancelFunc
	done   chan struct{}
}

func (l *lab) follow(position event.Position) *follower {
	ctx, cancel := context.WithCancel(context.Background())
	f := &follower{lab: l, source: l.source(), position: position, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		f.run(ctx)
	}()
	return f
}

func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		reader, err := f.source.Open(ctx, f.position.Clone())
		for err == nil {
			var page event.Page
			if page, err = reader.Next(ctx); err != nil {
				break
			}
			f.take(page)
		}
		if reader != nil {
			reader.Close(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (f *follower) take(page event.Page) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range page.Events {
		f.position.Advance(&page.Events[i])
		f.events = append(f.events, page.Events[i])
		f.at = append(f.at, time.Now())
	}
	f.position.Complete(&page)
}

// end stops reading and returns everything that came.
func (f *follower) end() []event.Event {
	f.lab.t.Helper()
	f.stop()
	<-f.done
	f.source.Close(context.Background())
	if f.lab.cursors != 0 {
		f.lab.t.Errorf("%d collectors are left", f.lab.cursors)
	}
	return f.events
}

// kinds are the kinds of the announcements among the events, in order.
func kinds(events []event.Event) []event.Kind {
	var found []event.Kind
	for i := range events {
		if events[i].IsAnnouncement() {
			found = append(found, events[i].Kind())
		}
	}
	return found
}

// expectAll compares what came with what the account can see, and was stored or compressed or whatever else when the test
// ends: every row once, under one id.
func (l *lab) expectAll(events []event.Event) {
	l.t.Helper()
	came := make(map[string]int)
	for i := range events {
		if !events[i].IsAnnouncement() {
			came[events[i].ID()]++
		}
	}
	for _, row := range l.db.Log(0) {
		id := fmt.Sprintf("3c0f7a10-%d-%d", row.Key, row.Created)
		if !row.Hidden && !row.Compressed && came[id] != 1 {
			l.t.Errorf("event %d of %s came %d times", row.Key, row.CreatedTime(), came[id])
		}
		delete(came, id)
	}
	for id := range came {
		l.t.Errorf("%s came and is not in vCenter's log", id)
	}
}

// eachOrder runs a test for every reading of how a collector orders, by time and, of vCenter 9, by key.
func eachOrder(t *testing.T, options history.Options, test func(t *testing.T, l *lab)) {
	t.Helper()
	names := map[history.Order]string{history.ByTime: "by time", history.ByKey: "by key", history.ByCommit: "by commit"}
	for order, name := range names {
		for _, version := range []string{"8.0.3.0", "9.0.0.0"} {
			t.Run(name+", "+version, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					options.Order = order
					l := newLab(t, options)
					l.version = version
					test(t, l)
				})
			})
		}
	}
}
