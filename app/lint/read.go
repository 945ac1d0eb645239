package lint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// ErrUnreadable means that a folder or a file cannot be read as resources, so that nothing is known of it.
var ErrUnreadable = errors.New("not readable")

// separator is where daprd cuts a resource file (pkg/internal/loader/disk/manifest.go of Dapr).
const separator = "\n---"

// Folders reads the resource folders of one sidecar together, as --resources-path gives them to daprd: the YAML files directly in
// each. It returns what is dangerous in them, in the order of files and lines. An error, which is ErrUnreadable, is of several lines
// where several files are to blame.
func Folders(folders ...string) ([]Finding, error) {
	s, err := read(folders)
	if err != nil {
		return nil, err
	}
	return s.findings(), nil
}

func read(folders []string) (*set, error) {
	var s set
	var faults []error
	for _, folder := range folders {
		faults = append(faults, s.readFolder(folder))
	}
	return &s, errors.Join(faults...)
}

func (s *set) readFolder(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("%w: %w; name a folder of resources, e.g. components/nats", ErrUnreadable, err)
	}
	var faults []error
	read := 0
	for _, item := range entries {
		if extension := strings.ToLower(filepath.Ext(item.Name())); !item.IsDir() && (extension == ".yaml" || extension == ".yml") {
			faults = append(faults, s.readFile(filepath.Join(folder, item.Name())))
			read++
		}
	}
	if read == 0 {
		return fmt.Errorf("%w: no YAML file directly in %s, and a sidecar looks no deeper; name a folder of resources, e.g. components/nats", ErrUnreadable, folder)
	}
	return errors.Join(faults...)
}

func (s *set) readFile(file string) error {
	content, err := os.ReadFile(file) // #nosec G304 -- a folder that the command was given
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	s.files = append(s.files, file)
	line, first := 0, true
	for i, document := range strings.Split(string(content), separator) {
		if i > 0 {
			line++ // the break before the separator
		}
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(padded(document, i)), &root); err != nil {
			return fmt.Errorf("%w: %s, document at line %d: %w; a sidecar passes over such a file", ErrUnreadable, file, line+1, err)
		}
		if len(root.Content) > 0 {
			s.add(resource{node: root.Content[0], file: file, offset: line, first: first})
			first = false
		}
		line += strings.Count(document, "\n")
	}
	return nil
}

// padded is a document without the rest of its separator's line.
func padded(document string, index int) string {
	if index == 0 {
		return document
	}
	if end := strings.IndexByte(document, '\n'); end >= 0 {
		return document[end:]
	}
	return ""
}
