package vimjson

import (
	"bytes"
	"fmt"
)

// tag is a start tag. Its slices lie in the scanner's window.
type tag struct {
	local []byte // the name without prefix
	attrs []attr

	kind []byte // value of xsi:type, nil without
	null bool   // xsi:nil is true

	refType []byte // value of an attribute type that is not xsi:type, as references have it
	refGUID []byte // value of serverGuid
	isRef   bool   // there is a refType
	said    bool   // there was any attribute: only then the fields above are set
}

type attr struct{ prefix, local, value []byte }

// syntax is an error for XML that no reader would take.
func (s *scanner) syntax(what string) error {
	return fmt.Errorf("%w: %s in element <%s>", ErrSyntax, what, s.path())
}

func (s *scanner) path() []byte {
	if len(s.opens) == 0 {
		return nil
	}
	return s.top()
}

func (s *scanner) startTag() error {
	for {
		rest := s.window[s.at+1 : s.end]
		word, colon := word(rest)
		n, ok := s.parse(rest, word)
		if n < 0 {
			return s.syntax("a broken tag")
		}
		if ok {
			return s.open(rest[:word], colon, n+1)
		}
		if s.end-s.at > maxTag {
			return fmt.Errorf("read a tag: %w", ErrTooLarge)
		}
		if err := s.more(); err != nil {
			return err
		}
	}
}

// open makes the element known whose tag has n bytes.
func (s *scanner) open(name []byte, colon, n int) error {
	s.at += n
	s.push(name)
	s.tag.local = name[colon:]
	if s.tag.said {
		s.tag = tag{local: s.tag.local, attrs: s.tag.attrs}
	}
	if len(s.tag.attrs) > 0 {
		s.tag.said = true
		s.bind()
		s.resolve()
	}
	if len(s.opens) > s.deepest {
		return ErrTooDeep
	}
	return nil
}

// parse reads a tag behind its name, which ends at n. It returns how long the tag is: 0 and false if its end was not read
// yet, a negative number if it is none.
func (s *scanner) parse(b []byte, n int) (int, bool) {
	s.tag.attrs = s.tag.attrs[:0]
	s.empty = false
	if n == 0 {
		return -1, false
	}
	for {
		if n < len(b) && b[n] == '>' {
			return n + 1, true
		}
		n += spaces(b[n:])
		switch {
		case n < len(b) && b[n] == '>':
			return n + 1, true
		case n+1 >= len(b):
			return 0, false
		case b[n] == '/' && b[n+1] == '>':
			s.empty = true
			return n + 2, true
		}
		m, ok := s.attribute(b[n:])
		if !ok {
			return m, false
		}
		n += m
	}
}

// attribute reads name="value", with the same result as parse.
func (s *scanner) attribute(b []byte) (int, bool) {
	n, colon := word(b)
	name := b[:n]
	m := n + spaces(b[n:])
	switch {
	case m == len(b):
		return 0, false
	case n == 0 || b[m] != '=':
		return -1, false
	}
	m++
	m += spaces(b[m:])
	if m == len(b) {
		return 0, false
	}
	if b[m] != '"' && b[m] != '\'' {
		return -1, false
	}
	value := b[m+1:]
	i := bytes.IndexByte(value, b[m])
	if i < 0 {
		return 0, false
	}
	a := attr{local: name[colon:], value: value[:i]}
	if colon > 0 {
		a.prefix = name[:colon-1]
	}
	s.tag.attrs = append(s.tag.attrs, a)
	return m + i + 2, true
}

func (s *scanner) endTag() error {
	if len(s.opens) == 0 {
		return s.syntax("an end tag without start")
	}
	for {
		rest := s.window[s.at+2 : s.end]
		name := s.top()
		n := len(name)
		if len(rest) > n {
			if !bytes.HasPrefix(rest, name) {
				return s.syntax("the end tag of another element")
			}
			n += spaces(rest[n:])
		}
		if len(rest) > n {
			if rest[n] != '>' {
				return s.syntax("the end tag of another element")
			}
			s.at += n + 3
			s.pop()
			return nil
		}
		if err := s.more(); err != nil {
			return err
		}
	}
}

func afterColon(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i > 0 && i < len(name)-1 {
		return name[i+1:]
	}
	return name
}

// word is the length of the name at the beginning of b, and where its local part begins.
func word(b []byte) (n, local int) {
	for n < len(b) {
		if kind := wordBytes[b[n]]; kind == endsWord {
			break
		} else if kind == colon && local == 0 && n > 0 {
			local = n + 1
		}
		n++
	}
	if local == n {
		local = 0 // nothing follows the colon: it is part of the name
	}
	return n, local
}

func spaces(b []byte) int {
	for i, c := range b {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return i
		}
	}
	return len(b)
}

const (
	endsWord = 1
	colon    = 2
)

var wordBytes = [256]byte{
	' ': endsWord, '\n': endsWord, '\t': endsWord, '\r': endsWord, '>': endsWord, '/': endsWord, '=': endsWord,
	'<': endsWord, '"': endsWord, '\'': endsWord, ':': colon,
}
