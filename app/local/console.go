package local

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"unicode/utf8"
)

const (
	longestLine = 64 << 10 // bytes; a longer one is split, so that a process that never ends its line costs no memory
	keptLines   = 40       // of each process, to say why it ended
)

// console writes the lines of many processes to one writer, each whole and with its process's name before it.
type console struct {
	mu     sync.Mutex
	out    io.Writer
	width  int
	colour bool
	names  int
}

func newConsole(out io.Writer, colour bool, names []string) *console {
	c := &console{out: out, colour: colour}
	for _, name := range names {
		c.width = max(c.width, len(name))
	}
	return c
}

// voice is what one process writes through. Both streams of a process share a voice, each has a lineWriter.
func (c *console) voice(name string) *voice {
	prefix := fmt.Sprintf("%-*s | ", c.width, name)
	if c.colour {
		colours := []int{36, 33, 32, 35, 34, 96, 93, 92, 95, 94}
		prefix = fmt.Sprintf("\x1b[%dm%s\x1b[0m", colours[c.names%len(colours)], prefix)
	}
	c.names++
	return &voice{console: c, prefix: prefix, onConsole: true}
}

func (c *console) write(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A console that is gone must not stop a process from being read: it would block on its full pipe.
	_, _ = c.out.Write(line)
}

// voice carries the lines of one process to the console, to its log file, and to memory for the last few.
type voice struct {
	console   *console
	prefix    string
	onConsole bool
	path      string                                      // of the log file; empty = none
	heard     func(line string)                           // nil, or called with each line
	view      func(line string) (text string, shown bool) // nil, or what the console shows of a line

	mu   sync.Mutex
	file *os.File
	tail []string
}

func (v *voice) say(line []byte) {
	v.mu.Lock()
	if v.file != nil {
		_, _ = v.file.Write(append(bytes.Clone(line), '\n'))
	}
	if len(v.tail) == keptLines {
		v.tail = v.tail[1:]
	}
	v.tail = append(v.tail, string(line))
	v.mu.Unlock()
	text, shown := string(line), v.onConsole
	if shown && v.view != nil {
		text, shown = v.view(text)
	}
	if shown {
		v.console.write([]byte(v.prefix + text + "\n"))
	}
	if v.heard != nil {
		v.heard(string(line))
	}
}

// last is the newest lines, oldest first.
func (v *voice) last() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]string(nil), v.tail...)
}

// lineWriter cuts one stream into lines. It is for one goroutine; flush once nothing more is written.
type lineWriter struct {
	voice   *voice
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
		w.voice.say(bytes.TrimSuffix(w.partial, []byte{'\r'}))
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
		w.voice.say(w.partial[:cut])
		w.partial = append(w.partial[:0], w.partial[cut:]...)
	}
}

func (w *lineWriter) flush() {
	if len(w.partial) > 0 {
		w.voice.say(w.partial)
		w.partial = nil
	}
}
