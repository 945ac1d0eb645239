package vimjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vcrelay/vcrelay/app/event"
)

// Options of a Reader; the zero value is good.
type Options struct {
	Layout   Layout
	MaxEvent int // bytes of one event as it comes, and as it is handed out; 64 MiB if 0
	MaxDepth int // elements of an event that enclose each other; 128 if 0

	// Recycle makes Reset take the memory back that the events of earlier pages have their Data in. It spares the garbage
	// collector a third of the work, for a caller who is done with a page before the next begins, or who takes turns with
	// several readers.
	Recycle bool
}

const (
	maxEvent = 64 << 20
	maxDepth = 128
	pageDeep = 10_000 // depth at which a page is given up, in whatever is skipped
)

// Reader reads the events of one page. It is used by one goroutine. It neither closes its input nor reads it to the end:
// what follows the envelope is left there, but for what a buffer of 64 KiB has caught.
type Reader struct {
	in      scanner
	emit    emitter
	options Options
	slab    []byte   // where the data of the next events goes
	used    [][]byte // slabs of this page, and
	free    [][]byte // of earlier ones, with Options.Recycle
	large   bool     // a large event was read
	err     error    // the end, good or bad
	inside  bool     // of an element that holds events
	whole   bool     // such an element came
	behind  int      // depth to return to before the next event, after one that was given up; 0 for none
	markup  *markup  // of the layout XML, else nil
}

// NewReader reads the answer to ReadNextEvents, ReadPreviousEvents or QueryEvents from in.
func NewReader(in io.Reader, options Options) *Reader {
	r := &Reader{options: options}
	if r.options.MaxEvent == 0 {
		r.options.MaxEvent = maxEvent
	}
	if r.options.MaxDepth == 0 {
		r.options.MaxDepth = maxDepth
	}
	if options.Layout == XML {
		r.markup = &markup{most: r.options.MaxEvent}
	}
	r.emit = emitter{in: &r.in, layout: options.Layout.json(), limit: r.options.MaxEvent, strings: new(interned[string]), refs: new(interned[event.Ref])}
	r.Reset(in)
	return r
}

// Reset begins another page, with the same options and buffers.
func (r *Reader) Reset(in io.Reader) {
	r.in.reset(in)
	r.recycle()
	r.err, r.inside, r.whole, r.behind = nil, false, false, 0
}

// Next returns the next event, and io.EOF behind the last one of a page that came whole. Errors:
//
//   - *FaultError: vCenter answered with a fault.
//   - *EventError: one event could not be read. If it wraps ErrTooLarge or ErrTooDeep, the next call goes on behind it.
//   - ErrNotSOAP, ErrSyntax: see there.
//   - one that wraps io.ErrUnexpectedEOF: the page was cut. Events that were returned before are good.
//   - any other: of the input.
//
// But for what *EventError says, an error comes again at each further call.
func (r *Reader) Next() (Event, error) {
	if r.err != nil {
		return Event{}, r.err
	}
	err := r.next()
	if err == nil {
		return r.emit.event, nil
	}
	if r.behind == 0 {
		r.err = err
	}
	return Event{}, err
}

// next leaves the next event in the emitter.
func (r *Reader) next() error {
	if r.behind != 0 {
		r.in.mark(16*r.options.MaxEvent, pageDeep)
		if err := r.in.skip(r.behind); err != nil {
			r.behind = 0
			return fmt.Errorf("skip an event: %w", err)
		}
		r.behind = 0
	}
	for {
		r.in.mark(r.options.MaxEvent, pageDeep)
		if r.inside && r.in.eventAhead() {
			return r.event()
		}
		token, err := r.in.next()
		if err != nil {
			return r.broken(err)
		}
		switch token { //nolint:exhaustive // text between elements is white space
		case tokenEnd:
			if err := r.closed(); err != nil {
				return err
			}
		case tokenStart:
			if r.inside && r.in.depth() == 4 && string(r.in.tag.local) == returnval {
				return r.event()
			}
			if err := r.opened(); err != nil {
				return err
			}
		case tokenText:
			if r.in.depth() == 0 && len(bytes.TrimSpace(bytes.TrimPrefix(r.in.text, []byte("\uFEFF")))) > 0 {
				return r.notSOAP()
			}
		}
	}
}

// opened enters the element that has just begun, if events or a fault are in it.
func (r *Reader) opened() error {
	name := string(r.in.tag.local)
	switch depth := r.in.depth(); {
	case depth == 1 && name != "Envelope":
		return r.notSOAP()
	case depth == 1, depth == 2 && name == "Body":
		return nil
	case depth == 3 && name == "Fault":
		return r.fault()
	case depth == 3 && strings.HasSuffix(name, "Response"):
		r.inside, r.whole = true, true
		return nil
	default:
		if err := r.in.skip(depth - 1); err != nil {
			return r.broken(err)
		}
		return nil
	}
}

// closed leaves an element; at the end of the envelope it returns io.EOF.
func (r *Reader) closed() error {
	depth := r.in.depth()
	if depth < 3 {
		r.inside = false
	}
	switch {
	case depth > 0:
		return nil
	case !r.whole:
		return r.notSOAP()
	default:
		return io.EOF
	}
}

// event reads the event that has just begun.
func (r *Reader) event() error {
	depth := r.in.depth()
	r.in.mark(r.options.MaxEvent-(r.in.end-r.in.at), depth+r.options.MaxDepth-1)
	r.emit.begin()
	r.emit.out = r.room()
	err := r.emit.top()
	if err == nil && r.markup != nil {
		err = r.toXML()
	}
	r.large = r.large || cap(r.emit.out) > largeEvent
	if err != nil {
		if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrTooDeep) {
			r.behind = depth - 1
		}
		return &EventError{Event: r.emit.event, Err: err}
	}
	r.emit.event.Data = r.own(r.emit.out)
	return nil
}

// toXML replaces the VI/JSON of an event by its XML.
func (r *Reader) toXML() error {
	if err := r.markup.write(r.emit.out); err != nil {
		return err
	}
	r.emit.out = append(r.emit.out[:0], r.markup.out...)
	return nil
}

// top writes a whole event and fills its header.
func (e *emitter) top() error {
	s, name := eventShape(), ""
	if kind := afterColon(e.in.tag.kind); len(kind) > 0 {
		known := lookup(kind)
		if known != nil && known.kind == kindObject {
			s = known.loaded()
		} else {
			name = string(kind)
		}
	}
	e.event.Class = s.name
	if name != "" {
		e.event.Class = name
	}
	f := frame{top: true}
	e.frame(&f, s, name)
	err := e.members(&f)
	e.event.Flaw = e.flaw()
	return err
}

// broken says where the page ended, or that it never was one.
func (r *Reader) broken(err error) error {
	if r.in.depth() == 0 && !r.whole {
		start := bytes.TrimSpace(r.in.window[:r.in.end])
		if errors.Is(err, ErrSyntax) && !errors.Is(err, errEncoding) || len(start) > 0 && start[0] != '<' {
			return r.notSOAP()
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrSyntax) {
		return fmt.Errorf("page was cut: %w", err)
	}
	return fmt.Errorf("read page: %w", err)
}

// notSOAP quotes the beginning of what came, for the log.
func (r *Reader) notSOAP() error {
	excerpt := r.in.window[:min(r.in.end, 160)]
	return fmt.Errorf("%w: %q", ErrNotSOAP, bytes.Join(bytes.Fields(excerpt), []byte(" ")))
}
