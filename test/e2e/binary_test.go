//go:build e2e

// Package e2e_test runs the product as its users do: real processes, a real sidecar, a real broker.
package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is the program, built once for all tests.
var built struct {
	once sync.Once
	path string
	err  error
}

func binary(t *testing.T) string {
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

func TestMain(m *testing.M) {
	code := m.Run()
	if built.path != "" {
		_ = os.RemoveAll(filepath.Dir(built.path))
	}
	os.Exit(code)
}
