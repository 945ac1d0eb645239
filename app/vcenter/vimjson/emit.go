package vimjson

import (
	"bytes"

	"github.com/vcrelay/vcrelay/app/event"
)

// emitter writes the element that the scanner has just opened as JSON to out. Each of its methods consumes the element
// up to its end tag.
type emitter struct {
	in     *scanner
	layout Layout
	limit  int // of out
	out    []byte

	event   Event // its header
	keyed   bool  // its key was read
	timed   bool  // its createdTime was read
	first   span  // type and value of the first reference since it was reset, in out
	seen    []uint64
	guid    []byte // serverGuid of the reference that is being read
	octets  []byte // of a kindBytes field that is being read
	scratch []byte
	strings *interned[string]
	refs    *interned[event.Ref]
}

func (e *emitter) begin() {
	e.event, e.out, e.seen = Event{}, e.out[:0], e.seen[:0]
	e.keyed, e.timed = false, false
}

// value writes an element whose type the field fixes.
func (e *emitter) value(s *shape) error {
	switch s.kind {
	case kindString:
		return e.quoted()
	case kindReference:
		return e.reference()
	case kindObject:
		return e.object(s.loaded(), "")
	case kindDynamic:
		return e.dynamic(s.loaded().base)
	default:
		return e.scalar(s)
	}
}

// dynamic writes an element that says by xsi:type what it is; base is what it is if it says nothing, nil if that is not
// known either.
func (e *emitter) dynamic(base *shape) error {
	t := &e.in.tag
	if t.null {
		return e.null()
	}
	s := base
	if len(t.kind) > 0 {
		name := afterColon(t.kind)
		if s = lookup(name); s == nil {
			return e.unknown(string(name))
		}
	}
	switch {
	case s == nil:
		return e.unknown("")
	case s.kind == kindObject || s.kind == kindReference:
		return e.value(s)
	default:
		return e.boxed(s)
	}
}

// boxed writes a primitive value of anyType, which in VI/JSON carries its type with it.
func (e *emitter) boxed(s *shape) error {
	if e.layout == PascalCase {
		return e.value(s)
	}
	e.out = append(e.out, `{"_typeName":"`...)
	e.out = append(e.out, s.name...)
	e.out = append(e.out, `","_value":`...)
	err := e.value(s)
	e.out = append(e.out, '}')
	return err
}

func (e *emitter) null() error {
	e.out = append(e.out, `null`...)
	return e.in.skip(e.in.depth() - 1)
}

// quoted writes the element's text as a string. Children are left out, as govmomi does.
func (e *emitter) quoted() error {
	if text, clean, ok := e.in.leaf(); ok {
		e.out = append(e.out, '"')
		if clean {
			e.out = append(e.out, text...)
		} else {
			e.out = appendText(e.out, text, false)
		}
		e.out = append(e.out, '"')
		return nil
	}
	e.out = append(e.out, '"')
	depth := e.in.depth()
	for {
		token, err := e.in.next()
		switch {
		case err != nil:
			return err
		case token == tokenEnd && e.in.depth() < depth:
			e.out = append(e.out, '"')
			return nil
		case token != tokenEnd && token != tokenStart && e.in.depth() == depth:
			if err := e.text(token); err != nil {
				return err
			}
		}
	}
}

// text appends a piece of text to a string that is open.
func (e *emitter) text(token token) error {
	if len(e.out) > e.limit {
		return ErrTooLarge
	}
	if len(e.out) > largeEvent && cap(e.out)-len(e.out) < len(e.in.text) {
		e.grow()
	}
	e.out = appendText(e.out, e.in.text, token == tokenCDATA)
	return nil
}

// scalar writes a number and the like. Text that is none of its kind becomes a string: it is the reader's matter to judge
// it, and an odd value must not cost the event.
func (e *emitter) scalar(s *shape) error {
	at := len(e.out)
	if text, _, ok := e.in.leaf(); ok {
		if s.kind != kindBinary {
			if out, ok := appendScalar(e.out, text, s); ok {
				e.out = out
				return nil
			}
		}
		e.out = append(appendText(append(e.out[:at], '"'), text, false), '"')
	} else if err := e.quoted(); err != nil {
		return err
	}
	text := e.unquote(at)
	if s.kind == kindBinary {
		e.out = appendBinary(e.out[:at], text, e.layout)
		return nil
	}
	end := len(e.out)
	if out, ok := appendScalar(e.out, bytes.TrimSpace(text), s); ok {
		e.out = append(out[:at], out[end:]...)
	}
	return nil
}

// unquote returns the text of the string that begins at out[at] and ends out; it is void at the next call.
func (e *emitter) unquote(at int) []byte {
	if len(e.out) < at+2 {
		return nil
	}
	e.scratch = unquote(e.scratch[:0], e.out[at+1:len(e.out)-1])
	return e.scratch
}

// reference writes a ManagedObjectReference: attributes and text.
func (e *emitter) reference() error {
	t := &e.in.tag
	e.guid = append(e.guid[:0], t.refGUID...) // reading the text may move the window
	e.out = append(e.out, referenceType[e.layout]...)
	at := len(e.out)
	e.out = append(appendText(append(e.out, '"'), t.refType, false), '"')
	e.out = append(e.out, referenceValue[e.layout]...)
	end := len(e.out)
	if err := e.quoted(); err != nil {
		return err
	}
	if e.first.at == 0 {
		e.first = span{at: at, value: end, end: len(e.out)}
	}
	if len(e.guid) > 0 || e.layout == PascalCase {
		e.out = append(e.out, referenceGUID[e.layout]...)
		e.out = append(appendText(append(e.out, '"'), e.guid, false), '"')
	}
	e.out = append(e.out, '}')
	return nil
}
