package vcenter

import (
	"bytes"
	"context"
	"errors"

	"github.com/vcrelay/vcrelay/app/event"
)

// What is kept of a reading for a listener that is behind another, besides the last page.
const (
	mostKept      = 2 * PageSize // events
	mostKeptBytes = 4 << 20      // of their data
	mostKeptPages = 64
)

// reading is a reader whose pages go to several listeners. It reads the next page as soon as one of them asks for it, and keeps
// those that another needs yet; who falls too far behind is put off. Shared.mu guards what stands below mu.
type reading struct {
	shared   *Shared
	source   *Source
	reader   *Reader
	instance string
	cancel   context.CancelFunc
	done     chan struct{}
	wanted   chan struct{} // holds one signal

	owner     *Member // whose source it is, until that has left
	listeners map[*Listener]struct{}
	at        event.Position // before the first page that is kept
	first     int            // its number
	pages     []event.Page
	borrowed  bool          // the first page is in memory of the reader
	want      int           // number of the last page that was asked for
	came      chan struct{} // closed when a page has come, or the end
	err       error         // why there are no more pages
	vague     bool          // nobody else can tell by at what was done
}

// begin starts to read, in the source of a member; end has to be called once nobody listens.
func (m *Member) begin(ctx context.Context, after event.Position) (*reading, error) {
	reader, err := m.own().Open(ctx, after.Clone())
	if errors.Is(err, ErrSessionEnded) { // while the member listened to the reading of another
		reader, err = m.own().Open(ctx, after)
	}
	if err != nil {
		return nil, err
	}
	r := &reading{
		shared: m.shared, source: m.source, reader: reader, instance: m.origin.InstanceUUID, owner: m, at: reader.seen.Clone(), vague: reader.vague, want: -1,
		done: make(chan struct{}), wanted: make(chan struct{}, 1), came: make(chan struct{}), listeners: make(map[*Listener]struct{}),
	}
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx)) // others may listen when the stream that began has left
	go func() {
		defer close(r.done)
		m.shared.hold(ctx)() // who waits to open may find this one at its beginning
		r.run(ctx)
	}()
	return r, nil
}

// run reads the pages that are asked for until ctx ends or reading fails.
func (r *reading) run(ctx context.Context) {
	for {
		for !r.due() {
			select {
			case <-r.wanted:
			case <-ctx.Done():
				return
			}
		}
		page, err := r.reader.Next(ctx)
		if r.add(page, err); err != nil {
			return
		}
	}
}

func (r *reading) due() bool {
	r.shared.mu.Lock()
	defer r.shared.mu.Unlock()
	return r.want >= r.first+len(r.pages)
}

// add hands a page to those who listen. It is copied unless there is one stream only: the reader uses its memory again.
func (r *reading) add(page event.Page, err error) {
	r.shared.mu.Lock()
	defer r.shared.mu.Unlock()
	defer func() {
		close(r.came)
		r.came = make(chan struct{})
	}()
	if r.vague = r.reader.vague; err != nil {
		r.err = err
		r.shared.forget(r)
		return
	}
	if r.borrowed = len(r.pages) == 0 && r.shared.members <= 1; !r.borrowed {
		page.Events = copied(page.Events)
	}
	r.pages = append(r.pages, page)
	for r.isFull() && r.putOff() {
		r.trim()
	}
}

func (r *reading) isFull() bool {
	events, size := 0, 0
	for _, page := range r.pages {
		events += len(page.Events)
		for i := range page.Events {
			size += len(page.Events[i].Data)
		}
	}
	return len(r.pages) > 1 && (events > mostKept || size > mostKeptBytes || len(r.pages) > mostKeptPages)
}

// putOff has those who need the first page go on by themselves, unless all do.
func (r *reading) putOff() bool {
	var behind []*Listener
	for l := range r.listeners {
		if l.needs == r.first {
			behind = append(behind, l)
		}
	}
	if len(behind) == len(r.listeners) {
		return false
	}
	for _, l := range behind {
		if l.given { // it has that page, and nobody else writes to its memory
			l.given = false
			l.needs++
			continue
		}
		position := r.at.Clone()
		l.behind = &position
		r.drop(l)
	}
	return true
}

// drop lets a listener go, and reports whether it was the last one, who has to end the reading. Where others stay, the source is
// left to them.
func (r *reading) drop(l *Listener) (last bool) {
	delete(r.listeners, l)
	if last = len(r.listeners) == 0; last {
		r.shared.forget(r)
	} else if r.owner == l.member {
		r.owner = nil
	}
	return last
}

// trim gives up the pages that nobody needs any more.
func (r *reading) trim() {
	for len(r.pages) > 0 {
		for l := range r.listeners {
			if l.needs == r.first {
				return
			}
		}
		page := &r.pages[0]
		for i := range page.Events {
			r.at.Advance(&page.Events[i])
		}
		r.at.Complete(page)
		r.pages[0] = event.Page{}
		r.pages = r.pages[1:]
		r.first++
		r.borrowed = false
	}
}

// end frees what the reading holds in vCenter, when nobody listens any more.
func (r *reading) end(ctx context.Context) {
	r.cancel()
	<-r.done
	r.reader.Close(ctx)
	if r.owner == nil {
		r.source.Close(ctx)
	}
}

// copied is events with memory of their own.
func copied(events []event.Event) []event.Event {
	size := 0
	for i := range events {
		size += len(events[i].Data)
	}
	own, data := make([]event.Event, len(events)), bytes.NewBuffer(make([]byte, 0, size))
	for i := range events {
		own[i] = events[i]
		begin := data.Len()
		data.Write(events[i].Data)
		own[i].Data = data.Bytes()[begin:data.Len():data.Len()]
	}
	return own
}
