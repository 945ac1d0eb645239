package local

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sync"
)

// keptLines of each process say why it ended.
const keptLines = 40

// processLog carries the lines of one process to the console, to its log file, and to memory for the last few.
type processLog struct {
	console *console
	prefix  string
	path    string                                      // of the log file; empty = none
	heard   func(line string)                           // nil, or called with each line
	view    func(line string) (text string, shown bool) // nil, or what the console shows of a line

	mu   sync.Mutex
	file *os.File
	tail []string
}

func (l *processLog) say(line []byte) {
	l.mu.Lock()
	if l.file != nil {
		_, _ = l.file.Write(append(bytes.Clone(line), '\n'))
	}
	if len(l.tail) == keptLines {
		l.tail = l.tail[1:]
	}
	l.tail = append(l.tail, string(line))
	l.mu.Unlock()
	text, shown := string(line), true
	if l.view != nil {
		text, shown = l.view(text)
	}
	if shown {
		l.console.write([]byte(l.prefix + text + "\n"))
	}
	if l.heard != nil {
		l.heard(string(line))
	}
}

// last is the newest lines, oldest first.
func (l *processLog) last() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.tail)
}

// open begins the log file anew.
func (l *processLog) open() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) // #nosec G304 -- in the data folder
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.file = file
	return nil
}

func (l *processLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
