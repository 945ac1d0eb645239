package local

import (
	"fmt"
	"os"
)

// openFile begins the voice's log file anew; a voice without a path has none.
func (v *voice) openFile() error {
	if v.path == "" {
		return nil
	}
	file, err := os.OpenFile(v.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) // #nosec G304 -- in the data folder
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.file = file
	return nil
}

func (v *voice) closeFile() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.file != nil {
		_ = v.file.Close()
		v.file = nil
	}
}
