package main

import (
	"errors"
	"fmt"
	"strings"
)

// patch is a planted fault: a unified diff of one file, behind lines that say what is wrong with it.
type patch struct {
	name   string // of the file, without its ending
	target string // the file that it changes, from the root of the module
	hunks  []hunk
}

// hunk is a text and what stands there instead. Line numbers are not looked at: the text has to be there once, whole.
type hunk struct{ before, after string }

// parse reads a unified diff.
func parse(name, text string) (patch, error) {
	p := patch{name: name}
	inside := false
	var h *hunk
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "--- "):
			inside = false
		case strings.HasPrefix(line, "+++ "):
			if p.target != "" {
				return p, fmt.Errorf("%s changes more than one file", name)
			}
			p.target = strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(line, "+++ ")), "b/")
		case strings.HasPrefix(line, "@@"):
			p.hunks = append(p.hunks, hunk{})
			h, inside = &p.hunks[len(p.hunks)-1], true
		case !inside:
		case strings.HasPrefix(line, "-"):
			h.before += line[1:]
		case strings.HasPrefix(line, "+"):
			h.after += line[1:]
		case strings.TrimSpace(line) == "": // an editor may have cut the blank off an empty line
			h.before += "\n"
			h.after += "\n"
		default:
			h.before += line[1:]
			h.after += line[1:]
		}
	}
	if p.target == "" || len(p.hunks) == 0 {
		return p, fmt.Errorf("%s is no unified diff", name)
	}
	return p, nil
}

var errAway = errors.New("no longer applies: the text that it changes is not there, or not once")

// apply returns source with the fault in it.
func (p *patch) apply(source string) (string, error) {
	for i, h := range p.hunks {
		if strings.Count(source, h.before) != 1 || h.before == h.after {
			return "", fmt.Errorf("%s, hunk %d of %s: %w", p.name, i+1, p.target, errAway)
		}
		source = strings.Replace(source, h.before, h.after, 1)
	}
	return source, nil
}
