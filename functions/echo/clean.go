package echo

import (
	"regexp"
	"strings"
	"unicode"
)

// escape is a colour or cursor sequence. Longer ones (window title, clipboard) only lose their control characters in clean: to cut
// them out whole would let a VM's name hide the words that follow it.
var escape = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// clean returns text that prints on one line and moves no cursor: no terminal sequences, no control or formatting characters
// (bidirectional overrides, zero width), no invalid UTF-8; runs of white space are one space.
func clean(s string) string {
	s = escape.ReplaceAllString(strings.ToValidUTF8(s, "\uFFFD"), "")
	return strings.Join(strings.Fields(strings.Map(printable, s)), " ")
}

func printable(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsPrint(r):
		return r
	default:
		return -1
	}
}

// field is clean, not too long, and never empty, so that columns keep their place.
func field(s string) string {
	s = clean(s)
	if s == "" {
		return "-"
	}
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return s
}
