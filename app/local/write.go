package local

import (
	"fmt"
	"os"
)

// writeWhole writes a file so that nobody ever reads half of it: daprd ends when it reads a torn resource.
func writeWhole(path string, content []byte, mode os.FileMode) error {
	draft := fmt.Sprintf("%s.%d.new", path, os.Getpid())
	if err := os.WriteFile(draft, content, mode); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	return nil
}
