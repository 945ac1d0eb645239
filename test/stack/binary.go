//go:build e2e

// Package stack is what the tests with real processes share: the program that they run, addresses, waiting, the relay's own
// counts, and payloads of a history.
package stack

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is the program, built once for all tests of a package.
var built struct {
	once sync.Once
	path string
	err  error
}

// Binary is the path of vcrelay, built from the source tree. Clean removes it.
func Binary(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		folder, err := os.MkdirTemp("", "vcrelay-e2e-") //nolint:usetesting // for all tests, not for this one
		if err != nil {
			built.err = err
			return
		}
		built.path = filepath.Join(folder, "vcrelay")
		build := exec.Command("go", "build", "-o", built.path, "./app") //nolint:noctx // outlives the test that asks first
		build.Dir = "../.."
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build vcrelay: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// Clean removes what Binary has built. TestMain calls it at the end.
func Clean() {
	if built.path != "" {
		_ = os.RemoveAll(filepath.Dir(built.path))
	}
}
