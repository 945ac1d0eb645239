package main

import (
	"fmt"
	"io"
)

// quietLog passes on the server's warnings and errors; its start and stop chatter would bury the relay's own lines.
type quietLog struct{ out io.Writer }

func (l quietLog) Warnf(format string, v ...any)  { l.print("warning", format, v) }
func (l quietLog) Errorf(format string, v ...any) { l.print("error", format, v) }
func (l quietLog) Fatalf(format string, v ...any) { l.print("fatal", format, v) }
func (quietLog) Noticef(string, ...any)           {}
func (quietLog) Debugf(string, ...any)            {}
func (quietLog) Tracef(string, ...any)            {}

func (l quietLog) print(level, format string, v []any) {
	_, _ = fmt.Fprintf(l.out, "%s: %s\n", level, fmt.Sprintf(format, v...))
}
