package toolbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const patchFolder = "patches"

// stampOf is a hash of all that a tool is built from: the tools module, the tool's Go files and patches, the flags and the Go
// version. That is the version which built this program: asking `go version` would cost a process at each start.
func stampOf(root string, wanted tool) (string, error) {
	tools := filepath.Join(root, "tools")
	files := []string{filepath.Join(tools, "go.mod"), filepath.Join(tools, "go.sum")}
	err := filepath.WalkDir(filepath.Join(tools, wanted.folder), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && wanted.has(path) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("find tools source: %w", err)
	}
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), runtime.GOOS, runtime.GOARCH, wanted.flags)
	for _, path := range files {
		content, err := os.ReadFile(path) // #nosec G304 -- inside the source tree
		if err != nil {
			return "", fmt.Errorf("read tools source: %w", err)
		}
		name, _ := filepath.Rel(tools, path)
		fmt.Fprintln(hash, name, len(content))
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// has reports whether a file of its folder goes into the tool.
func (t *tool) has(path string) bool {
	switch filepath.Ext(path) {
	case ".go":
		return !strings.HasSuffix(path, "_test.go")
	case ".patch":
		return !t.stock
	}
	return false
}

func stampFile(binary string) string {
	return filepath.Join(filepath.Dir(binary), "."+filepath.Base(binary)+".stamp")
}

// isFresh reports whether the binary was built from what the stamp stands for.
func isFresh(binary, stamp string) bool {
	written, err := os.ReadFile(stampFile(binary))
	return err == nil && strings.TrimSpace(string(written)) == stamp && exists(binary)
}
