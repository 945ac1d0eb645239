package vimjson

import "bytes"

// nothing is the shape of an element of which nothing is known.
var nothing = shape{kind: kindObject}

// strange writes a field that the class does not have.
func (e *emitter) strange(f *frame) error {
	f.strange++
	e.comma('{')
	e.out = append(e.out, '"')
	at := len(e.out)
	e.out = appendText(e.out, e.in.tag.local, true)
	if e.layout == PascalCase && len(e.out) > at && e.out[at] >= 'a' && e.out[at] <= 'z' {
		e.out[at] -= 'a' - 'A'
	}
	if name := string(e.out[at:]); name == "_typeName" || name == "_value" {
		e.out = append(e.out, '_') // these two say what an object is: an element cannot
	}
	e.out = append(e.out, `":`...)
	return e.dynamic(nil)
}

// unknown writes an element of which no table knows anything: name is its xsi:type, or empty.
func (e *emitter) unknown(name string) error {
	if name == "anyType" {
		name = ""
	}
	if name == "" && e.in.tag.isRef {
		return e.reference()
	}
	at := len(e.out)
	e.out = append(e.out, '"')
	for {
		token, err := e.in.next()
		switch {
		case err != nil:
			return err
		case token == tokenEnd:
			e.out = append(e.out, '"')
			e.unknownText(at, name)
			return nil
		case token == tokenStart:
			return e.unknownObject(at, name)
		default:
			if err := e.text(token); err != nil {
				return err
			}
		}
	}
}

// unknownObject goes on at the first child. Text before it was white space between tags.
func (e *emitter) unknownObject(at int, name string) error {
	e.out = e.out[:at]
	var f frame
	e.frame(&f, &nothing, name)
	if err := e.member(&f); err != nil {
		return err
	}
	return e.members(&f)
}

// unknownText finishes an element without children, whose text stands at out[at:].
func (e *emitter) unknownText(at int, name string) {
	switch text := e.out[at:]; {
	case name == "" && len(text) == len(`""`):
		e.out = append(e.out[:at], `null`...)
	case name == "" || e.layout == PascalCase:
	default:
		value := bytes.Clone(text)
		e.out = append(appendText(append(e.out[:at], `{"_typeName":"`...), []byte(name), true), '"')
		if len(value) > len(`""`) {
			e.out = append(append(e.out, `,"_value":`...), value...)
		}
		e.out = append(e.out, '}')
	}
}
