package vimjson

// phrase is text that is written again and again. Copying a block of a fixed size takes fewer instructions than to call for
// a copy of the right size.
type phrase struct {
	block [phraseSize]byte
	text  string
}

const phraseSize = 64

func newPhrase(text string) phrase {
	p := phrase{text: text}
	copy(p.block[:], text)
	return p
}

func (p *phrase) append(out []byte) []byte {
	free := out[len(out):cap(out)]
	if len(p.text) > phraseSize || len(free) < phraseSize {
		return append(out, p.text...)
	}
	*(*[phraseSize]byte)(free) = p.block // what is too much is written again
	return out[:len(out)+len(p.text)]
}
