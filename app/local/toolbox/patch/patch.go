// Package patch changes source files by small unified diffs, for `go build -overlay`: the files themselves stay as they are.
package patch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrAway means that a patch does not fit its file: what it changes has changed.
var ErrAway = errors.New("no longer applies: the text that it changes is not there, or not once")

// Patch is a unified diff of one file, behind lines that say what it is for.
type Patch struct {
	Name   string // of its file, without the ending
	Target string // the file that it changes, as the diff names it
	Reason string // the lines before the diff
	hunks  []hunk
}

// hunk is a text and what stands there instead. Line numbers are not looked at: the text has to be there once, whole.
type hunk struct{ before, after string }

// Load reads all files *.patch of a directory, in the order of their names.
func Load(dir string) ([]Patch, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	var patches []Patch
	for _, file := range files {
		text, err := os.ReadFile(file) // #nosec G304 -- one of the directory
		if err != nil {
			return nil, fmt.Errorf("read patch: %w", err)
		}
		p, err := Parse(strings.TrimSuffix(filepath.Base(file), ".patch"), string(text))
		if err != nil {
			return nil, err
		}
		patches = append(patches, p)
	}
	return patches, nil
}

// Parse reads a unified diff of one file.
func Parse(name, text string) (Patch, error) {
	p := Patch{Name: name}
	inside := false
	var h *hunk
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "--- "):
			inside = false
		case strings.HasPrefix(line, "+++ "):
			if p.Target != "" {
				return p, fmt.Errorf("%s changes more than one file", name)
			}
			p.Target = strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(line, "+++ ")), "b/")
		case strings.HasPrefix(line, "@@"):
			p.hunks = append(p.hunks, hunk{})
			h, inside = &p.hunks[len(p.hunks)-1], true
		case !inside && p.Target == "":
			p.Reason += line
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
	if p.Target == "" || len(p.hunks) == 0 {
		return p, fmt.Errorf("%s is no unified diff", name)
	}
	return p, nil
}

// Apply returns source with the change in it, or ErrAway.
func (p *Patch) Apply(source string) (string, error) {
	for i, h := range p.hunks {
		if strings.Count(source, h.before) != 1 || h.before == h.after {
			return "", fmt.Errorf("%s, hunk %d of %s: %w", p.Name, i+1, p.Target, ErrAway)
		}
		source = strings.Replace(source, h.before, h.after, 1)
	}
	return source, nil
}
