package vcsim

import (
	"bytes"
	"strconv"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

const (
	maxPrinted = 32 << 20 // bytes of bodies that are kept
	maxBody    = 64 << 10 // of one
)

// printer writes pages as XML. The simulator's encoder takes longer for an event than a relay has for it, so a body is encoded
// once and kept: of all events that share it only key, chain and times differ. It is safe for concurrent use.
type printer struct {
	mu   sync.Mutex
	kept map[printed][]part
	size int
}

// printed is what the parts of a body depend on.
type printed struct {
	body  any
	brief bool // without its message
}

// part is text, and what stands behind it.
type part struct {
	text []byte
	hole hole
}

type hole int

const (
	noHole hole = iota
	keyHole
	chainHole
	timeHole
)

func newPrinter() *printer { return &printer{kept: make(map[printed][]part)} }

// printedPage takes the place of a response with events.
type printedPage struct {
	Events []byte `xml:",innerxml"`
}

// The bodies of the calls that answer with events; the simulator takes the name of the response from the tag.
type (
	nextEventsBody struct {
		Res *printedPage `xml:"ReadNextEventsResponse"`
	}
	previousEventsBody struct {
		Res *printedPage `xml:"ReadPreviousEventsResponse"`
	}
	queriedEventsBody struct {
		Res *printedPage `xml:"QueryEventsResponse"`
	}
)

// Fault is soap.HasFault.
func (*nextEventsBody) Fault() *soap.Fault { return nil }

// Fault is soap.HasFault.
func (*previousEventsBody) Fault() *soap.Fault { return nil }

// Fault is soap.HasFault.
func (*queriedEventsBody) Fault() *soap.Fault { return nil }

// page is what render makes of the rows, as XML.
func (p *printer) page(rows []history.Row, spec types.EventFilterSpec) (*printedPage, *soap.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	events, size := make([][]part, len(rows)), 0
	for i := range rows {
		parts, err := p.parts(&rows[i], spec)
		if err != nil {
			return nil, simulator.Fault("encode event: "+err.Error(), new(types.SystemError))
		}
		events[i], size = parts, size+sizeOf(parts)
	}
	page := &printedPage{make([]byte, 0, size)}
	for i := range rows {
		page.Events = fill(page.Events, events[i], &rows[i])
	}
	return page, nil
}

// sizeOf is about how long a filled text is.
func sizeOf(parts []part) int {
	size := 0
	for _, p := range parts {
		size += len(p.text) + len(time.RFC3339Nano)
	}
	return size
}

func (p *printer) parts(r *history.Row, spec types.EventFilterSpec) ([]part, error) {
	of := printed{body: r.Body, brief: spec.DisableFullMessage != nil && *spec.DisableFullMessage}
	if parts, known := p.kept[of]; known {
		return parts, nil
	}
	text, err := encode(render([]history.Row{*r}, spec)[0])
	if err != nil {
		return nil, err
	}
	parts := split(text, holesOf(r))
	if len(text) > maxBody {
		return parts, nil
	}
	if p.size += len(text); p.size > maxPrinted {
		clear(p.kept)
		p.size = len(text)
	}
	p.kept[of] = parts
	return parts, nil
}

// encode is one event as the simulator writes it.
func encode(event types.BaseEvent) ([]byte, error) {
	var out bytes.Buffer
	page := types.ReadNextEventsResponse{Returnval: []types.BaseEvent{event}}
	if err := xml.NewEncoder(&out).Encode(page); err != nil {
		return nil, err
	}
	const name = "ReadNextEventsResponse>"
	return bytes.TrimSuffix(bytes.TrimPrefix(out.Bytes(), []byte("<"+name)), []byte("</"+name)), nil
}

// opening is an element that differs from event to event.
type opening struct {
	tag  string
	hole hole
}

// holesOf are the elements of an event that are its row's, in their order. Only they can look so: text is escaped.
func holesOf(r *history.Row) []opening {
	holes := []opening{{"<key>", keyHole}, {"<chainId>", chainHole}, {"<createdTime>", timeHole}}
	task, ok := r.Body.(*types.TaskEvent)
	if ok && task.Info.QueueTime.IsZero() {
		holes = append(holes, opening{"<queueTime>", timeHole})
	}
	if ok && task.Info.EventChainId == 0 {
		holes = append(holes, opening{"<eventChainId>", chainHole})
	}
	return holes
}

// split takes the values out of the text.
func split(text []byte, holes []opening) (parts []part) {
	for _, h := range holes {
		_, after, found := bytes.Cut(text, []byte(h.tag))
		if !found {
			break
		}
		begin := len(text) - len(after)
		parts = append(parts, part{text[:begin:begin], h.hole})
		text = after[max(bytes.IndexByte(after, '<'), 0):]
	}
	return append(parts, part{text, noHole})
}

// fill appends the text with the values of a row.
func fill(out []byte, parts []part, r *history.Row) []byte {
	for _, p := range parts {
		out = append(out, p.text...)
		switch p.hole {
		case noHole:
		case keyHole:
			out = strconv.AppendInt(out, int64(r.Key), 10)
		case chainHole:
			out = strconv.AppendInt(out, int64(r.Chain), 10)
		case timeHole:
			out = r.CreatedTime().AppendFormat(out, time.RFC3339Nano)
		}
	}
	return out
}
