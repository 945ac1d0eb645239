package vimjson

import "encoding/binary"

// Text is compared and searched in words of eight bytes.
const (
	wordSize = 8
	ones     = 0x0101010101010101
	highs    = 0x80 * ones
)

func load(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// pattern is text that others may begin with.
type pattern struct {
	head, mask uint64 // its first word, and which bits of it count
	tail       uint64 // its last word, if it is longer than one
	text       string
}

func newPattern(text string) pattern {
	var head, mask [wordSize]byte
	for i := range copy(head[:], text) {
		mask[i] = 0xff
	}
	p := pattern{head: load(head[:]), mask: load(mask[:]), text: text}
	if len(text) > wordSize {
		p.tail = load([]byte(text[len(text)-wordSize:]))
	}
	return p
}

// begins tells whether b begins with the pattern; head is b's first word.
func (p *pattern) begins(b []byte, head uint64) bool {
	return head&p.mask == p.head && (len(p.text) <= wordSize || p.goesOn(b))
}

// goesOn compares what is behind the first word.
func (p *pattern) goesOn(b []byte) bool {
	n := len(p.text)
	if n > len(b) || load(b[n-wordSize:]) != p.tail {
		return false
	}
	return n <= 2*wordSize || string(b[wordSize:n-wordSize]) == p.text[wordSize:n-wordSize]
}
