package vimjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

type token uint8

const (
	tokenStart token = iota + 1 // an element begins: tag says which
	tokenEnd                    // it ends
	tokenText                   // text with entities, in text
	tokenCDATA                  // text without
)

const (
	windowSize = 64 << 10
	maxTag     = 1 << 20 // the largest start tag
)

// scanner cuts a stream into tokens. It checks that elements nest, and it keeps no more of the stream than its window.
// Slices that it hands out are void at the next call of next.
type scanner struct {
	in      io.Reader
	failed  error // of in; io.EOF is turned into io.ErrUnexpectedEOF, since the caller stops at the envelope's end
	window  []byte
	at, end int // window[at:end] was read and is not used yet
	budget  int // bytes that may still be read, see mark
	deepest int

	tag   tag
	text  []byte
	names []byte // raw names of the open elements, one after the other
	opens []int  // where each of them begins

	spaces   []binding
	prefixes []byte // of the spaces, one after the other
	xsi      meaning
	empty    bool // the start tag was <a/>: its end is the next token
	verbatim bool // inside of a CDATA section
}

func (s *scanner) reset(in io.Reader) {
	if s.window == nil || len(s.window) > 4*windowSize {
		s.window = make([]byte, windowSize)
	}
	s.in, s.failed, s.at, s.end = in, nil, 0, 0
	s.names, s.opens = s.names[:0], s.opens[:0]
	s.spaces, s.prefixes = s.spaces[:0], s.prefixes[:0]
	s.empty, s.verbatim, s.xsi = false, false, unclear
}

// mark allows n more bytes and elements up to depth.
func (s *scanner) mark(n, depth int) { s.budget, s.deepest = n, depth }

// depth is the number of open elements.
func (s *scanner) depth() int { return len(s.opens) }

// next returns the next token. Comments, processing instructions and directives are skipped.
func (s *scanner) next() (token, error) {
	if s.empty {
		s.empty = false
		s.pop()
		return tokenEnd, nil
	}
	for {
		if s.verbatim {
			if found, err := s.section(); found || err != nil {
				return tokenCDATA, err
			}
			continue
		}
		if s.at == s.end {
			if err := s.more(); err != nil {
				return 0, err
			}
		}
		if s.window[s.at] != '<' {
			return tokenText, s.run()
		}
		if s.end-s.at > 1 && !special[s.window[s.at+1]] {
			return tokenStart, s.startTag()
		}
		if found, err := s.markup(); found != 0 || err != nil {
			return found, err
		}
	}
}

// leaf takes the text and the end tag of the element that was just opened, if both lie in the window and nothing else is
// in the element. It is the short cut for most elements; without it next gives the same. The text is clean if it can
// stand in JSON as it is.
func (s *scanner) leaf() (text []byte, clean, ok bool) {
	if s.empty {
		s.empty = false
		s.pop()
		return nil, true, true
	}
	rest := s.window[s.at:s.end]
	n := plainLen(rest)
	clean = true
	if n < len(rest) && rest[n] != '<' {
		clean = false
		if m := bytes.IndexByte(rest[n:], '<'); m >= 0 {
			n += m
		}
	}
	name := s.top()
	last := n + 2 + len(name)
	if last >= len(rest) || rest[n] != '<' || rest[n+1] != '/' || rest[last] != '>' || string(rest[n+2:last]) != string(name) {
		return nil, false, false
	}
	s.at += last + 1
	s.pop()
	return rest[:n], clean, true
}

// skip goes on until no more than depth elements are open.
func (s *scanner) skip(depth int) error {
	for len(s.opens) > depth {
		if _, err := s.next(); err != nil {
			return err
		}
	}
	return nil
}

// special follows < where no element begins.
var special = [256]bool{'/': true, '!': true, '?': true}

// markup takes what begins with < but a start tag, or a start tag at the window's end. It returns 0 for what is skipped.
func (s *scanner) markup() (token, error) {
	for s.end-s.at < len("<![CDATA[") {
		if s.end-s.at > 1 && !special[s.window[s.at+1]] {
			break // <a> may be all that is left
		}
		if err := s.more(); err != nil {
			if s.end-s.at > 3 && errors.Is(err, io.ErrUnexpectedEOF) {
				break // </a> may be all that is left
			}
			return 0, err
		}
	}
	rest := s.window[s.at:s.end]
	switch {
	case rest[1] == '/':
		return tokenEnd, s.endTag()
	case rest[1] == '?':
		return 0, s.instruction()
	case rest[1] != '!':
		return tokenStart, s.startTag()
	case bytes.HasPrefix(rest, []byte("<!--")):
		s.at += len("<!--")
		return 0, s.after("-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		s.at += len("<![CDATA[")
		s.verbatim = true
		return 0, nil
	default:
		s.at += len("<!x")
		return 0, s.directive()
	}
}

// more reads on. window[at:end] stays, at another place perhaps.
func (s *scanner) more() error {
	if s.failed != nil {
		return s.failed
	}
	if s.budget <= 0 {
		return ErrTooLarge
	}
	if err := s.room(); err != nil {
		return err
	}
	for range 100 {
		n, err := s.in.Read(s.window[s.end:])
		s.end += n
		s.budget -= n
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		s.failed = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

func (s *scanner) room() error {
	if s.end < len(s.window) {
		return nil
	}
	window := s.window
	if s.at < len(window)/2 {
		if len(window) >= 2*maxTag {
			return fmt.Errorf("read a tag: %w", ErrTooLarge)
		}
		window = make([]byte, 2*len(window))
	}
	s.end = copy(window, s.window[s.at:s.end])
	s.window, s.at = window, 0
	return nil
}

func (s *scanner) top() []byte { return s.names[s.opens[len(s.opens)-1]:] }

func (s *scanner) push(name []byte) {
	s.opens = append(s.opens, len(s.names))
	s.names = append(s.names, name...)
}

func (s *scanner) pop() {
	if len(s.spaces) > 0 {
		s.unbind()
	}
	last := len(s.opens) - 1
	s.names = s.names[:s.opens[last]]
	s.opens = s.opens[:last]
}
