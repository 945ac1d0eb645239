package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// place is where a setting is written: a variable, or a line of a file with the path of the key.
type place struct {
	file string // empty: the environment
	line int
	key  string // VCRELAY_LISTEN, routes[0].order; empty: the whole file
}

func (p place) String() string {
	switch {
	case p.file == "":
		return p.key
	case p.key == "":
		return fmt.Sprintf("%s:%d", p.file, p.line)
	default:
		return fmt.Sprintf("%s:%d: %s", p.file, p.line, p.key)
	}
}

// name is how a remedy names the setting: the variable, or the key without its path.
func (p place) name() string { return p.key[strings.LastIndexByte(p.key, '.')+1:] }

// under is the place of a key in the section p.
func (p place) under(key string, line int) place {
	if p.key != "" {
		key = p.key + "." + key
	}
	return place{file: p.file, line: line, key: key}
}

// item is the place of an item of the list p, counted from 0.
func (p place) item(index, line int) place {
	return place{file: p.file, line: line, key: fmt.Sprintf("%s[%d]", p.key, index)}
}

// report gathers faults with their places.
type report struct{ found []found }

type found struct {
	at   place
	text string
}

func (r *report) add(at place, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if strings.ContainsRune(text, '\n') { // one line each: CEL draws arrows below its own
		text = strings.Join(strings.Fields(text), " ")
	}
	r.found = append(r.found, found{at, text})
}

// faults are the lines of the report in the order of the file, each once: what stands behind an alias is met at each of
// its uses.
func (r *report) faults() Faults {
	slices.SortStableFunc(r.found, func(a, b found) int { return cmp.Compare(a.at.line, b.at.line) })
	var lines Faults
	for _, f := range r.found {
		if line := f.at.String() + ": " + f.text; !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// taken takes the value through when err is nil, and adds a fault otherwise.
func taken[T any](r *report, at place) func(T, error) T {
	return func(value T, err error) T {
		if err != nil {
			r.add(at, "%s", err)
		}
		return value
	}
}
