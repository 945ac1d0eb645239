package vimjson

import (
	"bytes"
	"encoding/xml"
	"strconv"
)

// scalar writes a string, a number or a truth value as text.
func (m *markup) scalar(s *shape) error {
	if m.in[0] == '"' {
		return m.escaped(m.quoted())
	}
	text := m.in[:bytes.IndexAny(m.in, ",]}")]
	m.skip(len(text))
	if s != nil && s.kind == kindFloat {
		if n, err := strconv.ParseFloat(string(text), s.bits); err == nil { // which it was once
			m.out = strconv.AppendFloat(m.out, n, 'g', -1, s.bits)
			return nil
		}
	}
	m.out = append(m.out, text...)
	return nil
}

// escaped writes the text of a JSON string as encoding/xml does. It goes from one odd character to the next, so that a large
// text is not copied first.
func (m *markup) escaped(text []byte) error {
	for {
		n := clean(text)
		if _, err := m.Write(text[:n]); err != nil || n == len(text) {
			return err
		}
		text = text[n:]
		n = oneLen(text)
		m.text = unquote(m.text[:0], text[:n])
		if err := xml.EscapeText(m, m.text); err != nil {
			return err
		}
		text = text[n:]
	}
}

// Write is io.Writer, for xml.EscapeText. It ends a text that is too large before that takes the memory.
func (m *markup) Write(text []byte) (int, error) {
	if len(m.out)+len(text) > m.most {
		return 0, ErrTooLarge
	}
	m.out = append(m.out, text...)
	return len(text), nil
}

// clean is how much of a JSON string stands in XML as it stands in JSON: <, > and & are escaped there too, and what XML
// forbids was replaced.
func clean(text []byte) int {
	for i, c := range text {
		if c == '\\' || c == '\'' {
			return i
		}
	}
	return len(text)
}

// oneLen is how many bytes the first character of a JSON string takes that is escaped, or ASCII.
func oneLen(text []byte) int {
	switch {
	case text[0] != '\\':
		return 1
	case text[1] == 'u':
		return len(`\u0000`)
	default:
		return len(`\n`)
	}
}

// elementName is a name of a JSON string as name of an element. What a name must not hold becomes an underscore.
func elementName(quoted []byte) string {
	name := unquote(make([]byte, 0, len(quoted)+1), quoted)
	for i, c := range name {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.') {
			name[i] = '_'
		}
	}
	if len(name) == 0 {
		return "_"
	}
	return string(name)
}
