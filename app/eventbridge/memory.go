package eventbridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// memory keeps on disk what a sidecar said about each of its components. A sidecar says it once, when it starts, and goes on calling
// after a restart of this process. Secrets are not kept.
type memory struct{ folder string }

// keep replaces what there was of the component of that name. Settings with secrets are only forgotten.
func (m memory) keep(name string, s *settings) error {
	path := m.path(name)
	if s.secret() {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("forget settings: %w", err)
		}
		return nil
	}
	content, err := json.Marshal(s.place)
	if err != nil {
		return fmt.Errorf("keep settings: %w", err)
	}
	if err := os.MkdirAll(m.folder, 0o700); err != nil {
		return fmt.Errorf("keep settings: %w", err)
	}
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return fmt.Errorf("keep settings: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep settings: %w", err)
	}
	return nil
}

// recall returns what was kept of the component of that name; there is an error when there is nothing.
func (m memory) recall(name string) (s settings, err error) {
	content, err := os.ReadFile(m.path(name))
	if err != nil {
		return s, fmt.Errorf("recall settings: %w", err)
	}
	if err := json.Unmarshal(content, &s.place); err != nil {
		return s, fmt.Errorf("recall settings: %w", err)
	}
	return s, nil
}

func (m memory) path(name string) string {
	return filepath.Join(m.folder, url.PathEscape(name)+".json")
}
