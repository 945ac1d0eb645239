package vimjson

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

const hex = "0123456789abcdef"

// appendText appends XML text as the inside of a JSON string. In a CDATA section an & is an &.
func appendText(out, text []byte, cdata bool) []byte {
	start := 0
	for i := 0; i < len(text); {
		if plain[text[i]] {
			i++
			continue
		}
		out = append(out, text[start:i]...)
		n := 1
		switch c := text[i]; {
		case c == '&' && !cdata:
			var r rune
			r, n = entity(text[i:])
			out = appendRune(out, r)
		case c == '\r': // XML: a line ends with \n
			if i+1 == len(text) || text[i+1] != '\n' {
				out = append(out, `\n`...)
			}
		default:
			var r rune
			r, n = utf8.DecodeRune(text[i:])
			out = appendRune(out, r)
		}
		i += n
		start = i
	}
	return append(out, text[start:]...)
}

// appendRune escapes a character that is not plain. What XML forbids becomes U+FFFD.
func appendRune(out []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(out, '\\', byte(r))
	case r == '\n':
		return append(out, `\n`...)
	case r == '\r':
		return append(out, `\r`...)
	case r == '\t':
		return append(out, `\t`...)
	case r == '<' || r == '>' || r == '&':
		return append(out, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
	case r == '\u2028' || r == '\u2029':
		return append(out, '\\', 'u', '2', '0', '2', hex[r&15])
	case r < ' ' || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF || !utf8.ValidRune(r):
		return append(out, `\ufffd`...)
	default:
		return utf8.AppendRune(out, r)
	}
}

// entity reads &name; or a character reference. An & that begins neither stands for itself.
func entity(text []byte) (rune, int) {
	end := bytes.IndexByte(text[:min(len(text), 64)], ';')
	if end < 2 {
		return '&', 1
	}
	name := text[1:end]
	switch string(name) {
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "amp":
		return '&', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	}
	if name[0] != '#' {
		return '&', 1
	}
	if r, ok := reference(name[1:]); ok {
		return r, end + 1
	}
	return '&', 1
}

func reference(digits []byte) (rune, bool) {
	base := 10
	if len(digits) > 0 && digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseUint(string(digits), base, 32)
	if err != nil || n > utf8.MaxRune {
		return utf8.RuneError, err == nil
	}
	return rune(n), true
}

// unquote appends the text of a JSON string that appendText made, quotes left out.
func unquote(out, quoted []byte) []byte {
	for {
		i := bytes.IndexByte(quoted, '\\')
		if i < 0 {
			return append(out, quoted...)
		}
		out = append(out, quoted[:i]...)
		quoted = quoted[i+1:]
		n := 1
		switch c := quoted[0]; c {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, err := strconv.ParseUint(string(quoted[1:5]), 16, 32)
			if err != nil {
				r = utf8.RuneError
			}
			out, n = utf8.AppendRune(out, rune(r)), 5 //nolint:gosec // four digits
		default:
			out = append(out, c)
		}
		quoted = quoted[n:]
	}
}
