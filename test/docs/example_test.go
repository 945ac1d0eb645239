package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestTheExampleInTheReadmeCompiles(t *testing.T) {
	path := filepath.Join(root, "README.md")
	example := parse(path, read(t, path)).blocks["go"]
	if example == "" {
		t.Fatal("README.md has no example in Go")
	}
	file := filepath.Join(t.TempDir(), "example.go")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	vet := exec.CommandContext(t.Context(), "go", "vet", file)
	vet.Dir = root
	if output, err := vet.CombinedOutput(); err != nil {
		t.Errorf("go vet: %s\n%s", err, output)
	}
}
