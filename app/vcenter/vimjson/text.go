package vimjson

import (
	"bytes"
	"unicode/utf8"
)

// chunkSize is from where on text comes in pieces.
const chunkSize = windowSize / 2

// run takes text up to the next tag, or a piece of it.
func (s *scanner) run() error {
	seen := 0
	for {
		if i := bytes.IndexByte(s.window[s.at+seen:s.end], '<'); i >= 0 {
			s.take(seen + i)
			return nil
		}
		if seen = s.end - s.at; seen >= chunkSize {
			s.take(whole(s.window[s.at:s.end]))
			return nil
		}
		if err := s.more(); err != nil {
			return err
		}
	}
}

// section takes the rest of a CDATA section, or a piece of it. An empty rest is not found.
func (s *scanner) section() (bool, error) {
	for {
		rest := s.window[s.at:s.end]
		if i := bytes.Index(rest, []byte("]]>")); i >= 0 {
			s.take(i)
			s.at += len("]]>")
			s.verbatim = false
			return i > 0, nil
		}
		if len(rest) >= chunkSize {
			s.take(whole(rest[:len(rest)-2]))
			return true, nil
		}
		if err := s.more(); err != nil {
			return false, err
		}
	}
}

func (s *scanner) take(n int) {
	s.text = s.window[s.at : s.at+n]
	s.at += n
}

// whole is how much of text can be taken without cutting a character, an entity or a line end in two.
func whole(text []byte) int {
	n := len(text)
	const longest = len("&#x0010FFFF;")
	if i := bytes.LastIndexByte(text[n-longest:], '&'); i >= 0 {
		return n - longest + i
	}
	for i := 1; i < utf8.UTFMax; i++ {
		if utf8.RuneStart(text[n-i]) {
			if !utf8.FullRune(text[n-i:]) {
				n -= i
			}
			break
		}
	}
	if text[n-1] == '\r' {
		n--
	}
	return n
}
