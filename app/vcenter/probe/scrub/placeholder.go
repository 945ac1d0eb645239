package scrub

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// Scrubber replaces texts and remembers by what. It is used by one goroutine.
type Scrubber struct {
	salt  [32]byte // random, and gone with the Scrubber
	given map[string]string
	taken map[string]bool
}

// New returns one that gives placeholders which no other gives.
func New() *Scrubber {
	s := &Scrubber{given: map[string]string{}, taken: map[string]bool{}}
	_, _ = rand.Read(s.salt[:]) // never fails: crypto/rand ends the process first
	return s
}

// Placeholder is what stands for a text.
func (s *Scrubber) Placeholder(text string) string {
	switch {
	case truth(text): // lengths stay, which tells the two apart anyway
		return text
	case integer.MatchString(text), decimal.MatchString(text):
		return maskNumber(text)
	case moment.MatchString(text):
		return maskTime(text)
	}
	known, ok := s.given[text]
	if !ok {
		known = s.word(text)
		s.given[text], s.taken[known] = known, true
	}
	return known
}

// tries is how often a placeholder of one length is looked for that is not in use; of few letters there are few.
const tries = 64

// word is an x, hash, and x's up to the length of the text: letters and digits alone, so that it needs no escaping and
// is good base64 where it stands for some.
func (s *Scrubber) word(text string) string {
	for length := len(text); ; length++ {
		for try := range uint32(tries) {
			hash := strings.ToLower(encoding.EncodeToString(s.hash(text, try)))
			word := hash[:min(length, 3)]
			if length > 3 {
				word = "x" + hash[:min(length-1, 12)] + strings.Repeat("x", max(length-13, 0))
			}
			if word != text && !s.taken[word] {
				return word
			}
		}
	}
}

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// maskNumber leaves how many digits there are, as 1000 or -10.00, which fits whatever type the number before did. Of up to
// three digits it leaves nothing: vSphere writes a binary value as one number a byte, and a text could be made out from
// which bytes are alike or how long each is.
func maskNumber(text string) string {
	if len(strings.Trim(text, "-")) <= 3 {
		return "0"
	}
	masked, first := []byte(text), byte('1')
	for i, c := range masked {
		if c >= '0' && c <= '9' {
			masked[i], first = first, '0'
		}
	}
	return string(masked)
}

// maskTime leaves the form of a time: how many digits its seconds have, and the zone.
func maskTime(text string) string {
	const seconds = "2000-01-01T00:00:00"
	fraction := []byte(text[len(seconds):])
	for i, c := range fraction {
		if c == 'Z' || c == '+' || c == '-' {
			break
		}
		if c >= '0' && c <= '9' {
			fraction[i] = '0'
		}
	}
	return seconds + string(fraction)
}

func (s *Scrubber) hash(text string, try uint32) []byte {
	mac := hmac.New(sha256.New, s.salt[:])
	mac.Write(binary.BigEndian.AppendUint32(nil, try))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
