package vimjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// plain bytes stand in JSON as they stand in XML. The rest is escaped as encoding/json does it, <, > and & included.
var plain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return table
}()

// odd marks the bytes of a word that are not plain by their highest bit. Each subtraction sets it in those that it is about;
// from 0x80 on it is set, and not two of them clear it in the same. Only the lowest mark is sure, since a subtraction
// borrows from the byte above.
func odd(w uint64) uint64 {
	quoteOrAnd := (w | 0x04*ones) ^ '&'*ones // these two differ in one bit, and so do < and >
	angle := (w | 0x02*ones) ^ '>'*ones
	backslash := w ^ '\\'*ones
	return ((w - ' '*ones) | (quoteOrAnd - ones) | (angle - ones) | (backslash - ones)) & highs
}

// plainLen is how many plain bytes b begins with.
func plainLen(b []byte) int {
	n := 0
	for ; n+wordSize <= len(b); n += wordSize {
		if marks := odd(load(b[n:])); marks != 0 {
			return n + bits.TrailingZeros64(marks)/8
		}
	}
	for n < len(b) && plain[b[n]] {
		n++
	}
	return n
}

// appendPlain appends the plain bytes that b begins with, and returns how many they are. It copies while it searches, two
// words at a time: what it copies too much lies behind out's end, and is written again.
func appendPlain(out, b []byte) ([]byte, int) {
	const step = 2 * wordSize
	free := out[len(out):cap(out)]
	for n := 0; n+step <= len(b) && n+step <= len(free); n += step {
		from, to := b[n:n+step], free[n:n+step]
		one, two := load(from), load(from[wordSize:])
		binary.LittleEndian.PutUint64(to, one)
		binary.LittleEndian.PutUint64(to[wordSize:], two)
		if marks := odd(one); marks != 0 {
			n += bits.TrailingZeros64(marks) / 8
			return out[:len(out)+n], n
		}
		if marks := odd(two); marks != 0 {
			n += wordSize + bits.TrailingZeros64(marks)/8
			return out[:len(out)+n], n
		}
	}
	n := plainLen(b)
	return append(out, b[:n]...), n
}
