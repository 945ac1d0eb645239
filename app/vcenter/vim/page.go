package vim

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// pages reads pages in turn into two buffers, so that one can be read while the page before it is in use.
type pages struct {
	session *Session
	turn    int
	buffers *[2]buffer
}

// maxRest is what may follow a page.
const maxRest = 64 << 10

type buffer struct {
	reader *vimjson.Reader
	items  []vcenter.Item
}

func newPages(s *Session) pages { return pages{session: s, buffers: new([2]buffer)} }

// read asks for a page and has the events transcoded while they arrive. It is a call of our own beside govmomi's because
// building govmomi's structs takes most of the time of a relay.
func (p *pages) read(ctx context.Context, call string) ([]vcenter.Item, error) {
	into := &p.buffers[p.turn]
	p.turn = 1 - p.turn
	client := p.session.client
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, client.URL().String(), strings.NewReader(call))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", `text/xml; charset="utf-8"`)
	request.Header.Set("SOAPAction", client.Namespace+"/"+client.Version)
	err = client.Do(ctx, request, func(answer *http.Response) error {
		if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusInternalServerError { // a fault comes with 500
			return fmt.Errorf("vCenter answers %s", answer.Status)
		}
		if err := into.fill(answer.Body); err != nil {
			return err
		}
		_, _ = io.CopyN(io.Discard, answer.Body, maxRest) // a connection with a body that was not read to its end is not used again
		return nil
	})
	if err != nil {
		return nil, classify(err) // what was read of a page that broke off is read again
	}
	p.session.addSeverities(into.items)
	return into.items, nil
}

// fill reads a page to its end. An event that is too large or nests too deep is no reason to lose the others.
func (b *buffer) fill(body io.Reader) error {
	if b.reader == nil {
		b.reader = vimjson.NewReader(body, vimjson.Options{Recycle: true})
	} else {
		b.reader.Reset(body)
	}
	b.items = b.items[:0]
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
func (s *Session) addSeverities(items []vcenter.Item) {
	for i := range items {
		if e := &items[i].Event; e.Severity == "" {
			named := event.Event{Class: e.Class, TypeID: e.TypeID}
			e.Severity = s.severities[named.Name()]
		}
	}
}

func readNextEvents(collector types.ManagedObjectReference) string {
	return envelope("ReadNextEvents", collector, fmt.Sprintf("<maxCount>%d</maxCount>", vcenter.PageSize))
}

// queryEvents asks vCenter 9.0 or later for the events with keys above after, in their order.
func queryEvents(manager types.ManagedObjectReference, filter Filter, after int32) string {
	spec := filter.spec(vcenter.Span{}, false)
	var rest strings.Builder
	rest.WriteString("<filter>")
	for _, severity := range spec.Category {
		rest.WriteString("<category>" + escape(severity) + "</category>")
	}
	rest.WriteString("<disableFullMessage>false</disableFullMessage>")
	for _, name := range spec.EventTypeId {
		rest.WriteString("<eventTypeId>" + escape(name) + "</eventTypeId>")
	}
	fmt.Fprintf(&rest, `<maxCount>%d</maxCount></filter><eventViewSpec xsi:type="EventManagerViewByStartId">`+
		"<startEventId>%d</startEventId><isForward>true</isForward></eventViewSpec>", vcenter.PageSize, after)
	return envelope("QueryEvents", manager, rest.String())
}

func envelope(method string, this types.ManagedObjectReference, arguments string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Body>`+
		`<%[1]s xmlns="urn:vim25"><_this type="%[2]s">%[3]s</_this>%[4]s</%[1]s></Body></Envelope>`,
		method, escape(this.Type), escape(this.Value), arguments)
}

func escape(text string) string {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text)) // a Buffer never fails
	return escaped.String()
}
