package local

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Fault is one thing wrong in a run file. ReadRunFile joins all of them into one error; errors.As finds the first.
type Fault struct {
	File string // as given by the caller
	Line int    // counted from 1
	Text string // what is wrong and what mends it
}

// Error is one line of the form `dapr.yaml:12: text`.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s:%d: %s", filepath.Base(f.File), f.Line, f.Text)
}

// faults gathers what is wrong with one file.
type faults struct {
	file string
	list []*Fault
}

func (f *faults) add(line int, format string, args ...any) {
	fault := &Fault{File: f.file, Line: max(line, 1), Text: fmt.Sprintf(format, args...)}
	// A fault behind a YAML alias is met once per use of the alias.
	same := func(other *Fault) bool { return *other == *fault }
	if !slices.ContainsFunc(f.list, same) {
		f.list = append(f.list, fault)
	}
}

// err is nil without faults, else all of them in the order of the file.
func (f *faults) err() error {
	slices.SortStableFunc(f.list, func(a, b *Fault) int { return cmp.Compare(a.Line, b.Line) })
	joined := make([]error, 0, len(f.list))
	for _, fault := range f.list {
		joined = append(joined, fault)
	}
	return errors.Join(joined...)
}
