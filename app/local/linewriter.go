package local

import (
	"bytes"
	"unicode/utf8"
)

// longestLine is in bytes; a longer one is split, so that a process that never ends its line costs no memory.
const longestLine = 64 << 10

// lineWriter cuts one stream into lines. It is for one goroutine; flush once nothing more is written.
type lineWriter struct {
	log     *processLog
	partial []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			w.partial = append(w.partial, p...)
			w.split()
			break
		}
		w.partial = append(w.partial, p[:end]...)
		w.split()
		w.log.say(bytes.TrimSuffix(w.partial, []byte{'\r'}))
		w.partial, p = w.partial[:0], p[end+1:]
	}
	return written, nil
}

// split says what is longer than a line may be, cut between two characters.
func (w *lineWriter) split() {
	for len(w.partial) > longestLine {
		cut := longestLine
		for cut > longestLine-utf8.UTFMax && !utf8.RuneStart(w.partial[cut]) {
			cut--
		}
		w.log.say(w.partial[:cut])
		w.partial = append(w.partial[:0], w.partial[cut:]...)
	}
}

func (w *lineWriter) flush() {
	if len(w.partial) > 0 {
		w.log.say(w.partial)
		w.partial = nil
	}
}
