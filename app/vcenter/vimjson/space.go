package vimjson

import "bytes"

// The XML name space that makes an attribute `type` say what an element is.
const instanceSpace = "http://www.w3.org/2001/XMLSchema-instance"

// binding says whether a prefix means instanceSpace inside the element at depth.
type binding struct {
	prefix   int // where it begins in scanner.prefixes
	depth    int
	instance bool
}

// meaning of a prefix: whether it is instanceSpace.
type meaning uint8

const (
	unclear meaning = iota
	isInstance
	isOther
)

// xsiIsInstance is instance of the prefix that all use. It finds out once for all elements that declare nothing.
func (s *scanner) xsiIsInstance() bool {
	if s.xsi == unclear {
		s.xsi = isOther
		if s.instance([]byte("xsi")) {
			s.xsi = isInstance
		}
	}
	return s.xsi == isInstance
}

// bind notes the prefixes that the tag declares.
func (s *scanner) bind() {
	for i := range s.tag.attrs {
		a := &s.tag.attrs[i]
		if string(a.prefix) == "xmlns" {
			s.spaces = append(s.spaces, binding{
				prefix:   len(s.prefixes),
				depth:    len(s.opens),
				instance: string(a.value) == instanceSpace,
			})
			s.prefixes = append(s.prefixes, a.local...)
			s.xsi = unclear
		}
	}
}

// unbind forgets the prefixes of the element that ends.
func (s *scanner) unbind() {
	for n := len(s.spaces); n > 0 && s.spaces[n-1].depth == len(s.opens); n-- {
		s.prefixes = s.prefixes[:s.spaces[n-1].prefix]
		s.spaces = s.spaces[:n-1]
		s.xsi = unclear
	}
}

// instance tells whether a prefix means instanceSpace. Like govmomi it takes xsi for it even where nobody declared it.
func (s *scanner) instance(prefix []byte) bool {
	if prefix == nil {
		return false
	}
	end := len(s.prefixes)
	for i := len(s.spaces) - 1; i >= 0; i-- {
		if string(s.prefixes[s.spaces[i].prefix:end]) == string(prefix) {
			return s.spaces[i].instance
		}
		end = s.spaces[i].prefix
	}
	return string(prefix) == "xsi"
}

// resolve finds the attributes that mean something to events.
func (s *scanner) resolve() {
	t := &s.tag
	for i := range t.attrs {
		a := &t.attrs[i]
		switch string(a.local) {
		case "type":
			switch {
			case !s.instance(a.prefix):
				t.refType, t.isRef = a.value, true
			case t.kind == nil:
				t.kind = bytes.TrimSpace(a.value)
			}
		case "serverGuid":
			t.refGUID = a.value
		case "nil":
			t.null = t.null || s.instance(a.prefix) && (string(a.value) == "true" || string(a.value) == "1")
		}
	}
}
