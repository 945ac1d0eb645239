package vimjson

import (
	"bytes"
	"errors"
	"fmt"
)

func (s *scanner) instruction() error {
	s.at += len("<?")
	if len(s.opens) == 0 {
		return s.declaration()
	}
	return s.after("?>")
}

// after skips to the end of pattern.
func (s *scanner) after(pattern string) error {
	for {
		if i := bytes.Index(s.window[s.at:s.end], []byte(pattern)); i >= 0 {
			s.at += i + len(pattern)
			return nil
		}
		s.at = max(s.at, s.end-len(pattern)+1)
		if err := s.more(); err != nil {
			return err
		}
	}
}

// directive skips the rest of <!DOCTYPE ...> and the like. Tags and quotes in it may hold a >.
func (s *scanner) directive() error {
	depth, quote := 0, byte(0)
	for {
		if s.end-s.at < len("<!--") {
			if err := s.more(); err != nil {
				return err
			}
			continue
		}
		c := s.window[s.at]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case bytes.HasPrefix(s.window[s.at:s.end], []byte("<!--")):
			s.at += len("<!--")
			if err := s.after("-->"); err != nil {
				return err
			}
			continue
		case c == '<':
			depth++
		case c == '>' && depth == 0:
			s.at++
			return nil
		case c == '>':
			depth--
		}
		s.at++
	}
}

// declaration skips the rest of <?xml ...?>. A page that is not UTF-8 would be read wrongly.
func (s *scanner) declaration() error {
	for {
		rest := s.window[s.at:s.end]
		if i := bytes.Index(rest, []byte("?>")); i >= 0 {
			s.at += i + len("?>")
			return encoding(rest[:i])
		}
		if len(rest) > maxTag {
			return ErrTooLarge
		}
		if err := s.more(); err != nil {
			return err
		}
	}
}

var errEncoding = errors.New("its encoding is not UTF-8")

func encoding(declaration []byte) error {
	_, value, found := bytes.Cut(declaration, []byte("encoding="))
	if !found || !bytes.HasPrefix(declaration, []byte("xml")) || len(value) == 0 || value[0] != '"' && value[0] != '\'' {
		return nil
	}
	value, _, closed := bytes.Cut(value[1:], value[:1])
	if !closed { // a broken declaration declares nothing, as govmomi sees it
		return nil
	}
	if bytes.EqualFold(value, []byte("utf-8")) || bytes.EqualFold(value, []byte("us-ascii")) {
		return nil
	}
	return fmt.Errorf("%w: %w: %q", ErrSyntax, errEncoding, value[:min(len(value), 40)])
}
