package local

import (
	"fmt"
	"io"
	"sync"
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

// log is what one process writes through. Both of its streams share it, each through a lineWriter.
func (c *console) log(name string) *processLog {
	prefix := fmt.Sprintf("%-*s | ", c.width, name)
	if c.colour {
		colours := []int{36, 33, 32, 35, 34, 96, 93, 92, 95, 94}
		prefix = fmt.Sprintf("\x1b[%dm%s\x1b[0m", colours[c.names%len(colours)], prefix)
	}
	c.names++
	return &processLog{console: c, prefix: prefix}
}

func (c *console) write(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A console that is gone must not stop a process from being read: it would block on its full pipe.
	_, _ = c.out.Write(line)
}
