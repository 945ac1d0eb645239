package runfile

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Fault is one thing wrong in a run file. Read joins all of them into one error; errors.As finds the first.
type Fault struct {
	File string // as given by the caller
	Line int    // counted from 1
	Text string // what is wrong and what mends it
}

// Error is one line of the form `dapr.yaml:12: text`, of an absolute path only the last element.
func (f *Fault) Error() string {
	name := f.File
	if filepath.IsAbs(name) {
		name = filepath.Base(name)
	}
	return fmt.Sprintf("%s:%d: %s", name, f.Line, f.Text)
}

// reader gathers what is wrong with one file.
type reader struct {
	file   string
	nodes  map[string]*yaml.Node // by path, see index
	faults []Fault
}

// line is that of the value at a path, or of the nearest section around it that is there.
func (r *reader) line(at string) int {
	for at != "" && r.nodes[at] == nil {
		at = at[:strings.LastIndexByte(at, '/')]
	}
	return r.nodes[at].Line
}

func (r *reader) add(at, format string, arguments ...any) {
	r.addLine(r.line(at), format, arguments...)
}

func (r *reader) addLine(line int, format string, arguments ...any) {
	r.faults = append(r.faults, Fault{File: r.file, Line: max(line, 1), Text: fmt.Sprintf(format, arguments...)})
}

// err is nil without faults, else all of them in the order of the file, each once: yaml.v3 meets what stands behind an
// alias at each use of the alias.
func (r *reader) err() error {
	slices.SortStableFunc(r.faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	var joined []error
	for i := range r.faults {
		if !slices.Contains(r.faults[:i], r.faults[i]) {
			joined = append(joined, &r.faults[i])
		}
	}
	return errors.Join(joined...)
}
