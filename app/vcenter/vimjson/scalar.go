package vimjson

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
)

// appendScalar appends text as JSON value of the kind. It reports false, and out is void, if text is none of that kind.
// What it takes and how it writes it is what strconv and encoding/json do.
func appendScalar(out, text []byte, s *shape) ([]byte, bool) {
	switch s.kind {
	case kindBool:
		return appendBool(out, text)
	case kindInt:
		return appendInt(out, text, s.bits)
	case kindUint:
		return appendUint(out, text, s.bits)
	case kindFloat:
		return appendFloat(out, text, s.bits)
	case kindTime:
		return appendTime(out, text)
	default:
		return out, false
	}
}

func appendBool(out, text []byte) ([]byte, bool) {
	switch string(text) {
	case "true", "1", "t", "T", "TRUE", "True":
		return append(out, "true"...), true
	case "false", "", "0", "f", "F", "FALSE", "False":
		return append(out, "false"...), true
	}
	return out, false
}

func appendInt(out, text []byte, bits int) ([]byte, bool) {
	if digits(text) && (bits >= 32 || len(text) <= 2) {
		return append(out, text...), true // most numbers: nothing to normalise, and none that the type cannot hold
	}
	if len(text) == 0 {
		return append(out, '0'), true
	}
	n, err := strconv.ParseInt(string(text), 10, bits)
	return strconv.AppendInt(out, n, 10), err == nil
}

// digits tells that text is a number as JSON writes it, of so few digits that 32 bits hold it.
func digits(text []byte) bool {
	if len(text) == 0 || len(text) > 9 || text[0] == '0' && len(text) > 1 {
		return false
	}
	for _, c := range text {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

func appendUint(out, text []byte, bits int) ([]byte, bool) {
	if len(text) == 0 {
		return append(out, '0'), true
	}
	if text[0] == '-' { // govmomi: two's complement
		n, err := strconv.ParseInt(string(text), 10, bits)
		return strconv.AppendUint(out, uint64(n)<<(64-bits)>>(64-bits), 10), err == nil //nolint:gosec // meant
	}
	n, err := strconv.ParseUint(string(text), 10, bits)
	return strconv.AppendUint(out, n, 10), err == nil
}

func appendFloat(out, text []byte, bits int) ([]byte, bool) {
	if len(text) == 0 {
		return append(out, '0'), true
	}
	n, err := strconv.ParseFloat(string(text), bits)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return out, false
	}
	size := math.Abs(n)
	if size == 0 || size >= smallest(bits) && size < 1e21 {
		return strconv.AppendFloat(out, n, 'f', -1, bits), true
	}
	out = strconv.AppendFloat(out, n, 'e', -1, bits)
	if i := len(out) - 4; out[i] == 'e' && out[i+1] == '-' && out[i+2] == '0' { // 1e-09 is 1e-9 in JSON
		out[i+2] = out[i+3]
		out = out[:i+3]
	}
	return out, true
}

// smallest is the limit below which numbers have an exponent.
func smallest(bits int) float64 {
	if bits == 32 {
		return float64(float32(1e-6))
	}
	return 1e-6
}

// appendBinary appends base64 text. VI/JSON carries the bytes, so text goes through as it is. govmomi keeps base64 text
// undecoded in its []byte, so the old layout carries base64 of base64.
func appendBinary(out, text []byte, layout Layout) []byte {
	out = append(out, '"')
	if layout == VIJSON {
		packed := stripped(text)
		if len(packed) == 0 && len(text) > 0 {
			packed = text // white space: it is no base64, so what it is has to be kept
		}
		if _, err := base64.StdEncoding.Decode(make([]byte, base64.StdEncoding.DecodedLen(len(packed))), packed); err == nil {
			return append(append(out, packed...), '"')
		}
	}
	return append(base64.StdEncoding.AppendEncode(out, text), '"')
}

// stripped is text without the white space that XML allows in base64.
func stripped(text []byte) []byte {
	if !bytes.ContainsAny(text, " \t\r\n") {
		return text
	}
	return bytes.Join(bytes.Fields(text), nil)
}
