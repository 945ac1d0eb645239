package runfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"gopkg.in/yaml.v3"
)

// document is the file as it is written.
type document struct {
	Version string `yaml:"version"`
	Name    string `yaml:"name"`
	Common  Shared `yaml:"common"`
	Apps    []App  `yaml:"apps"`
}

// Read reads a run file. The error joins every *Fault of the file.
func Read(path string) (*File, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("resolve run file %s: %w", path, err)
	}
	content, err := os.ReadFile(absolute) // #nosec G304 -- the file that the person named
	if err != nil {
		return nil, fmt.Errorf("read run file: %w", err)
	}
	r := &reader{file: path, nodes: map[string]*yaml.Node{}}
	read, ok := r.decode(content)
	if ok {
		r.complete(&read, filepath.Dir(absolute))
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return &File{Path: absolute, Name: read.Name, Apps: read.Apps}, nil
}

// decode reads twice: into nodes, which know their lines, and into structs. ok means that all of it was read.
func (r *reader) decode(content []byte) (read document, ok bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var root, second yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		r.addLine(1, "the file is empty: it needs `version: 1` and `apps`")
		return read, false
	case err != nil:
		return read, r.addYAML(err)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.addLine(second.Line, "a second document is never read: put all apps into the first")
		return read, false
	}
	r.index("", root.Content[0])
	strict := yaml.NewDecoder(bytes.NewReader(content))
	strict.KnownFields(true)
	if err := strict.Decode(&read); err != nil {
		return read, r.addYAML(err)
	}
	return read, true
}

// index notes each value under its path, such as /apps/0/appPort. What stands behind an alias or a merge key has no path
// of its own: its faults get the line of the section.
func (r *reader) index(at string, node *yaml.Node) {
	r.nodes[at] = node
	for i, child := range node.Content {
		switch {
		case node.Kind == yaml.SequenceNode:
			r.index(at+"/"+strconv.Itoa(i), child)
		case i%2 == 1:
			r.index(at+"/"+node.Content[i-1].Value, child)
		}
	}
}
