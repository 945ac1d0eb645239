package vim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vimcall"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// pages reads pages in turn into two buffers, so that one can be read while the page before it is in use.
type pages struct {
	session *Session
	login   *login // that they are read in
	turn    int
	buffers *[2]buffer
}

type buffer struct {
	reader *vimjson.Reader
	items  []vcenter.Item
}

// layouts are those of events as vimjson knows them.
var layouts = map[event.Layout]vimjson.Layout{
	event.LayoutVIJSON: vimjson.VIJSON, event.LayoutPascalCase: vimjson.PascalCase, event.LayoutXML: vimjson.XML,
}

func newPages(s *Session, l *login) pages {
	return pages{session: s, login: l, buffers: new([2]buffer)}
}

// read asks for a page and has the events transcoded while they arrive: building govmomi's structs takes most of the time of
// a relay.
func (p *pages) read(ctx context.Context, method string, this types.ManagedObjectReference, arguments string) ([]vcenter.Item, error) {
	into := &p.buffers[p.turn]
	p.turn = 1 - p.turn
	if into.reader == nil {
		into.reader = vimjson.NewReader(nil, vimjson.Options{Layout: layouts[p.session.layout], Recycle: true})
	}
	err := vimcall.Do(ctx, p.login.client, method, this, arguments, into.fill)
	if err != nil {
		return nil, p.login.classify(err) // what was read of a page that broke off is read again
	}
	p.login.addSeverities(into.items)
	return into.items, nil
}

// fill reads a page to its end. An event that is too large or nests too deep is no reason to lose the others.
func (b *buffer) fill(body io.Reader) error {
	clear(b.items) // where the next pages are shorter, a large event would stay in memory
	b.items = b.items[:0]
	b.reader.Reset(body)
	for {
		e, err := b.reader.Next()
		if err == nil {
			b.items = append(b.items, vcenter.Item{Event: e, Err: e.Flaw})
			continue
		}
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		var broken *vimjson.EventError // here, since it is allocated where it is declared
		if !errors.As(err, &broken) || !errors.Is(err, vimjson.ErrTooLarge) && !errors.Is(err, vimjson.ErrTooDeep) {
			return err
		}
		b.items = append(b.items, vcenter.Item{Event: broken.Event, Err: broken.Err})
	}
}

// addSeverities fills in what an event does not say of itself.
func (l *login) addSeverities(items []vcenter.Item) {
	for i := range items {
		if e := &items[i].Event; e.Severity == "" {
			named := event.Event{Class: e.Class, TypeID: e.TypeID}
			e.Severity = l.severities[named.Name()]
		}
	}
}

// readNextEvents are the arguments that ask a collector for a page.
func readNextEvents() string { return fmt.Sprintf("<maxCount>%d</maxCount>", vcenter.PageSize) }

// queryEvents are the arguments that ask vCenter 9.0 or later for the events with keys above after, in their order.
func queryEvents(filter Filter, after int32) string {
	spec := filter.spec(vcenter.Span{}, false)
	var rest strings.Builder
	rest.WriteString("<filter>")
	for _, severity := range spec.Category {
		rest.WriteString("<category>" + vimcall.Escape(severity) + "</category>")
	}
	rest.WriteString("<disableFullMessage>false</disableFullMessage>")
	for _, name := range spec.EventTypeId {
		rest.WriteString("<eventTypeId>" + vimcall.Escape(name) + "</eventTypeId>")
	}
	fmt.Fprintf(&rest, `<maxCount>%d</maxCount></filter><eventViewSpec xsi:type="EventManagerViewByStartId">`+
		"<startEventId>%d</startEventId><isForward>true</isForward></eventViewSpec>", vcenter.PageSize, after)
	return rest.String()
}
