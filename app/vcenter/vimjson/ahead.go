package vimjson

import "bytes"

// This file is the short cut through an event: elements that come in the order of the table, without attributes but those
// that it expects, and whole in the window. Each function takes what it is about as a whole, or leaves it to the long way
// (scanner.next, emitter.member), which makes the same of it. A page that comes byte by byte goes the long way only; tests
// hold one against the other.

// course is what the short cut takes of a field.
type course uint8

const (
	courseStart     course = iota // the start tag
	courseTyped                   // the start tag, which has the attribute xsi:type
	courseString                  // all: a start tag, text, the end tag
	courseScalar                  // the same, of a number and the like
	courseReference               // the same, and the start tag has the attribute type
)

// lookAhead is among how many fields the one that comes is sought: most of them are optional.
const lookAhead = 8

// ahead writes members up to the first that has to go the long way. It reports true when the object has ended.
func (e *emitter) ahead(f *frame) (done bool, err error) {
	s := e.in
	if s.empty || s.verbatim || len(s.opens) >= s.deepest {
		return false, nil
	}
	for taken := true; taken && err == nil; {
		rest := s.window[s.at:s.end]
		if len(rest) < wordSize || rest[0] != '<' {
			return false, nil
		}
		if rest[1] == '/' {
			if !s.closes(rest) {
				return false, nil
			}
			return true, e.finish(f)
		}
		i := f.shape.foresee(rest, f.hint)
		if i < 0 {
			return false, nil
		}
		taken, err = e.take(f, i, rest)
	}
	return false, err
}

// foresee returns the field whose start tag rest begins with, -1 for none of the next.
func (s *shape) foresee(rest []byte, hint int) int {
	head := load(rest)
	for i := hint; i < len(s.fields) && i < hint+lookAhead; i++ {
		if s.fields[i].start.begins(rest, head) {
			return i
		}
	}
	return -1
}

// closes takes the end tag of the open element.
func (s *scanner) closes(rest []byte) bool {
	name := s.top()
	last := len("</") + len(name)
	if last >= len(rest) || rest[last] != '>' || string(rest[len("</"):last]) != string(name) {
		return false
	}
	s.at += last + 1
	s.pop()
	return true
}

// take writes field i, whose start tag rest begins with.
func (e *emitter) take(f *frame, i int, rest []byte) (bool, error) {
	d := f.shape.fields[i]
	n := len(d.start.text)
	switch d.course {
	case courseStart:
		e.in.enter(rest[len("<"):][:len(d.element)], n)
	case courseTyped:
		if !e.in.typed(rest, n, len(d.element)) {
			return false, nil
		}
	default:
		return e.leaf(f, i, rest), nil
	}
	return true, e.field(f, i)
}

// enter opens the element of a start tag of n bytes that has no attributes.
func (s *scanner) enter(name []byte, n int) {
	s.at += n
	s.push(name)
	if s.tag.said {
		s.tag = tag{attrs: s.tag.attrs[:0]}
	}
	s.tag.local = name
}

// typed opens an element with a name of so many bytes and no attribute but xsi:type, whose value begins at rest[n:].
func (s *scanner) typed(rest []byte, n, name int) bool {
	end := n + plainLen(rest[n:])
	if end+1 >= len(rest) || rest[end] != '"' || rest[end+1] != '>' || !s.xsiIsInstance() {
		return false
	}
	s.enter(rest[len("<"):][:name], end+len(`">`))
	s.tag.kind, s.tag.said = bytes.TrimSpace(rest[n:end]), true
	return true
}

const returnval = "returnval"

var startOfEvent = newPattern("<" + returnval + ` xsi:type="`)

// eventAhead opens the next element if it is an event.
func (s *scanner) eventAhead() bool {
	rest := s.window[s.at:s.end]
	if s.empty || s.verbatim || len(rest) < wordSize || !startOfEvent.begins(rest, load(rest)) {
		return false
	}
	return s.typed(rest, len(startOfEvent.text), len(returnval))
}

// leaf writes field i, which has no children.
func (e *emitter) leaf(f *frame, i int, rest []byte) bool {
	d := f.shape.fields[i]
	e.closeArray(f)
	before, first := len(e.out), e.first
	at := before + len(d.key[e.layout])
	lead := &d.lead[e.layout]
	if e.out[before-1] == '{' {
		at--
		e.out = append(e.out, lead.text[1:]...)
	} else {
		e.out = lead.append(e.out)
	}
	n := e.content(d, rest, at)
	if n == 0 {
		e.out, e.first = e.out[:before], first
		return false
	}
	e.in.at += n
	f.hint = i + 1
	e.mark(f, i)
	e.settle(f, d, before, at)
	return true
}

// content writes the value that begins at out[at:] and whose lead is written. It returns how long the element is, 0 if it
// has to go the long way.
func (e *emitter) content(d *field, rest []byte, at int) int {
	n := len(d.start.text)
	switch d.course {
	case courseString:
		n = e.stringAhead(rest, n)
	case courseReference:
		n = e.referenceAhead(rest, n, at)
	default:
		n = e.scalarAhead(d.shape, rest, n)
	}
	if len(rest)-n < wordSize || !d.end.begins(rest[n:], load(rest[n:])) {
		return 0
	}
	return n + len(d.end.text)
}

// stringAhead writes the text at rest[n:] with its second quote, and returns where it ends.
func (e *emitter) stringAhead(rest []byte, n int) int {
	out, m := appendPlain(e.out, rest[n:])
	n += m
	if n < len(rest) && rest[n] != '<' {
		m = max(bytes.IndexByte(rest[n:], '<'), 0)
		out = appendText(out, rest[n:n+m], false)
		n += m
	}
	e.out = append(out, '"')
	return n
}

// scalarAhead writes the number at rest[n:], and returns where it ends; if it is none, that is no end.
func (e *emitter) scalarAhead(s *shape, rest []byte, n int) int {
	end := n + plainLen(rest[n:])
	out, ok := appendScalar(e.out, rest[n:end], s)
	if !ok {
		return 0
	}
	e.out = out
	return end
}

// referenceAhead writes the rest of a reference whose type is at rest[n:], and returns where its value ends.
func (e *emitter) referenceAhead(rest []byte, n, at int) int {
	first := span{at: at + len(referenceType[e.layout])}
	out, m := appendPlain(e.out, rest[n:])
	n += m
	if n+1 >= len(rest) || rest[n] != '"' || rest[n+1] != '>' {
		return 0
	}
	n += len(`">`)
	out = typeToValue[e.layout].append(out)
	first.value = len(out) - len(`"`)
	out, m = appendPlain(out, rest[n:])
	out = append(out, '"')
	first.end = len(out)
	if e.first.at == 0 {
		e.first = first
	}
	if e.layout == PascalCase {
		out = append(append(out, referenceGUID[e.layout]...), `""`...)
	}
	e.out = append(out, '}')
	return n + m
}
