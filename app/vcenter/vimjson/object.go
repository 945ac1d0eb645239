package vimjson

import (
	"encoding/base64"
	"math"
	"math/bits"
	"strconv"
)

// frame is the state of one object that is being written.
type frame struct {
	shape   *shape
	at      int    // where it begins in out
	seen    int    // where its bits begin in emitter.seen
	hint    int    // the field that probably comes next
	array   *field // the array that is open
	arrayAt int    // where its key begins
	strange int    // fields that the shape does not know
	twice   bool   // a field came again after others: merge has to mend it
	top     bool   // it is the event itself
}

// object writes an element with children. name overrides the shape's, for a class that is not known.
func (e *emitter) object(s *shape, name string) error {
	var f frame
	e.frame(&f, s, name)
	return e.members(&f)
}

// frame begins an object.
func (e *emitter) frame(f *frame, s *shape, name string) {
	f.shape, f.at, f.seen = s, len(e.out), len(e.seen)
	for range (len(s.fields) + 63) / 64 {
		e.seen = append(e.seen, 0)
	}
	switch {
	case e.layout == PascalCase || name == "" && s == &nothing:
		e.out = append(e.out, '{')
	case name != "":
		e.out = append(appendText(append(e.out, `{"_typeName":"`...), []byte(name), true), '"')
	default:
		e.out = s.open.append(e.out)
	}
}

func (e *emitter) members(f *frame) error {
	for {
		if done, err := e.ahead(f); done || err != nil {
			return err
		}
		token, err := e.in.next()
		switch {
		case err != nil:
			return err
		case token == tokenEnd:
			return e.finish(f)
		case token == tokenStart:
			if err := e.member(f); err != nil {
				return err
			}
		}
	}
}

func (e *emitter) member(f *frame) error {
	i := f.shape.find(e.in.tag.local, f.hint)
	if i < 0 {
		e.closeArray(f)
		return e.strange(f)
	}
	return e.field(f, i)
}

// field writes the element of field i that has just begun.
func (e *emitter) field(f *frame, i int) error {
	d := f.shape.fields[i]
	if d.array {
		f.hint = i
		return e.element(f, d, i)
	}
	f.hint = i + 1
	e.closeArray(f)
	if e.in.tag.null {
		return e.in.skip(e.in.depth() - 1)
	}
	e.mark(f, i)
	before := len(e.out)
	e.key(d)
	at := len(e.out)
	if f.top {
		e.first = span{}
	}
	if err := e.value(d.shape); err != nil {
		return err
	}
	e.settle(f, d, before, at)
	return nil
}

// settle ends a member whose key stands at out[before:] and whose value at out[at:].
func (e *emitter) settle(f *frame, d *field, before, at int) {
	if d.role != roleNone && f.top {
		e.header(d.role, at) // before it may be left out
	}
	if d.omit && e.layout == VIJSON && empty(e.out[at:]) {
		e.out = e.out[:before]
	}
}

// empty is what omitempty leaves out.
func empty(value []byte) bool {
	switch string(value) {
	case `""`, `0`, `-0`, `false`, `null`:
		return true
	}
	return false
}

func (e *emitter) mark(f *frame, i int) {
	word, bit := f.seen+i/64, uint64(1)<<(i%64)
	f.twice = f.twice || e.seen[word]&bit != 0
	e.seen[word] |= bit
}

func (e *emitter) key(d *field) {
	key := d.key[e.layout]
	if e.out[len(e.out)-1] == '{' {
		key = key[1:]
	}
	e.out = append(e.out, key...)
}

// comma separates what follows from what went before it behind open.
func (e *emitter) comma(open byte) {
	if e.out[len(e.out)-1] != open {
		e.out = append(e.out, ',')
	}
}

// element writes one element of an array.
func (e *emitter) element(f *frame, d *field, i int) error {
	if f.array != d {
		e.closeArray(f)
		e.mark(f, i)
		f.array, f.arrayAt = d, len(e.out)
		e.key(d)
		e.octets = e.octets[:0]
		if d.shape.kind != kindBytes {
			e.out = append(e.out, '[')
		}
	}
	if d.shape.kind == kindBytes {
		return e.octet()
	}
	e.comma('[')
	if e.in.tag.null {
		return e.null()
	}
	return e.value(d.shape)
}

// octet reads one byte of a kindBytes field. Text that is no byte is left out.
func (e *emitter) octet() error {
	at := len(e.out)
	if err := e.quoted(); err != nil {
		return err
	}
	text := e.unquote(at)
	e.out = e.out[:at]
	if n, err := strconv.ParseInt(string(text), 10, 16); err == nil && n <= math.MaxUint8 {
		e.octets = append(e.octets, byte(n)) //nolint:gosec // vCenter sends them signed
	}
	return nil
}

func (e *emitter) closeArray(f *frame) {
	if f.array != nil {
		e.endArray(f)
	}
}

func (e *emitter) endArray(f *frame) {
	d := f.array
	f.array = nil
	switch {
	case d.shape.kind != kindBytes:
		e.out = append(e.out, ']')
	case len(e.octets) > 0:
		e.out = append(base64.StdEncoding.AppendEncode(append(e.out, '"'), e.octets), '"')
	case d.omit && e.layout == VIJSON:
		e.out = e.out[:f.arrayAt]
	default:
		e.out = append(e.out, `null`...)
	}
}

// finish closes an object.
func (e *emitter) finish(f *frame) error {
	e.closeArray(f)
	for word, required := range f.shape.required[e.layout] {
		for missing := required &^ e.seen[f.seen+word]; missing != 0; missing &= missing - 1 {
			d := f.shape.fields[64*word+bits.TrailingZeros64(missing)]
			e.key(d)
			e.out = append(e.out, d.zero[e.layout]...)
		}
	}
	e.seen = e.seen[:f.seen]
	e.out = append(e.out, '}')
	if f.twice || f.strange > 1 {
		e.merge(f)
	}
	switch n := len(e.out); {
	case n > e.limit:
		return ErrTooLarge
	case n > largeEvent && cap(e.out)-n < n/8: // of many small members
		e.grow()
	}
	return nil
}
