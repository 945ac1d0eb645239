package vimjson

import "bytes"

// markup writes an event as XML that the emitter has written as VI/JSON, which has everything that the XML needs. It is a
// second pass, so that the layouts in JSON pay nothing for it.
type markup struct {
	in   []byte // what is still to be written
	out  []byte
	text []byte // scratch, of one character
	most int    // length of out
}

// write writes the XML of an event over m.out. It is shorter than the VI/JSON as a rule.
func (m *markup) write(event []byte) error {
	if cap(m.out) < len(event) {
		m.out = make([]byte, 0, len(event)+len(event)/8)
	}
	m.in, m.out = event, m.out[:0]
	s, name := m.class(nil)
	if string(name) == s.name {
		return m.object(s.name, s)
	}
	return m.object(elementName(name), s)
}

// recycle lets go of the memory of a large event.
func (m *markup) recycle() {
	m.in = nil
	if cap(m.out) > maxTag {
		m.out = nil
	}
}

// element writes a value as an element, an array as one for each of its values. An element is empty where the shape is not
// known, and not there where it is, when its value is null.
func (m *markup) element(name string, s *shape) error {
	switch m.in[0] {
	case '[':
		return m.elements(name, s)
	case '{':
		if bytes.HasPrefix(m.in, []byte(referenceType[VIJSON])) {
			return m.reference(name)
		}
		s, _ = m.class(s)
		return m.object(name, s)
	case 'n':
		m.skip(len("null"))
		if s == nil {
			m.out = append(append(append(m.out, '<'), name...), "></"...)
			m.out = append(append(m.out, name...), '>')
		}
		return nil
	default:
		m.open(name)
		return m.close(name, m.scalar(s))
	}
}

func (m *markup) elements(name string, s *shape) error {
	for m.skip(1); m.in[0] != ']'; m.comma() {
		if err := m.element(name, s); err != nil {
			return err
		}
	}
	m.skip(1)
	return nil
}

// class skips the beginning of an object, and returns what it is: the shape s where that is sure already.
func (m *markup) class(s *shape) (*shape, []byte) {
	if s != nil && s.kind == kindObject && bytes.HasPrefix(m.in, []byte(s.open.text)) {
		m.skip(len(s.open.text))
		return s.loaded(), nil
	}
	m.skip(len("{"))
	const key = `"_typeName":`
	if !bytes.HasPrefix(m.in, []byte(key)) {
		return &nothing, nil
	}
	m.skip(len(key))
	name := m.quoted()
	if known := lookup(name); known != nil {
		return known.loaded(), name
	}
	return &nothing, name
}

// object writes what class has begun.
func (m *markup) object(name string, s *shape) error {
	m.open(name)
	hint := 0
	for m.comma(); m.in[0] != '}'; m.comma() {
		if err := m.member(s, &hint); err != nil {
			return err
		}
	}
	m.skip(1)
	return m.close(name, nil)
}

// member writes one member of an object. That of a box is the text of its element.
func (m *markup) member(s *shape, hint *int) error {
	if i := s.keyed(m.in, *hint); i >= 0 {
		d := s.fields[i]
		*hint = i + 1
		m.skip(len(d.key[VIJSON]) - len(","))
		return m.element(d.element, d.shape)
	}
	name := m.quoted()
	m.skip(len(":"))
	if string(name) == "_value" {
		return m.scalar(s)
	}
	return m.element(elementName(name), nil)
}

// keyed returns the field whose key object begins with, -1 for none. Members mostly come in the order of the table.
func (s *shape) keyed(object []byte, hint int) int {
	for n := range s.fields {
		i := (hint + n) % len(s.fields)
		if bytes.HasPrefix(object, []byte(s.fields[i].key[VIJSON][len(","):])) {
			return i
		}
	}
	return -1
}

// reference writes a ManagedObjectReference: attributes and text.
func (m *markup) reference(name string) error {
	m.skip(len(referenceType[VIJSON]))
	m.out = append(append(m.out, '<'), name...)
	if err := m.attribute("type"); err != nil {
		return err
	}
	m.skip(len(referenceValue[VIJSON]))
	value := m.quoted()
	if m.in[0] == ',' {
		m.skip(len(referenceGUID[VIJSON]))
		if err := m.attribute("serverGuid"); err != nil {
			return err
		}
	}
	m.skip(len("}"))
	m.out = append(m.out, '>')
	return m.close(name, m.escaped(value))
}

func (m *markup) attribute(name string) error {
	m.out = append(append(append(m.out, ' '), name...), `="`...)
	err := m.escaped(m.quoted())
	m.out = append(m.out, '"')
	return err
}

func (m *markup) open(name string) {
	m.out = append(append(append(m.out, '<'), name...), '>')
}

func (m *markup) close(name string, err error) error {
	m.out = append(append(append(m.out, "</"...), name...), '>')
	if err == nil && len(m.out) > m.most {
		return ErrTooLarge
	}
	return err
}

func (m *markup) skip(n int) { m.in = m.in[n:] }

func (m *markup) comma() {
	if m.in[0] == ',' {
		m.skip(1)
	}
}

// quoted takes the JSON string that comes next, and returns it without its quotes.
func (m *markup) quoted() []byte {
	n := stringEnd(m.in)
	text := m.in[1 : n-1]
	m.skip(n)
	return text
}
