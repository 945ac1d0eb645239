//go:build e2e

// Package e2e_test runs the product as its users do: real processes, a real sidecar, a real broker.
package e2e_test

import (
	"os"
	"testing"

	teststack "github.com/vcrelay/vcrelay/test/stack"
)

func binary(t *testing.T) string { t.Helper(); return teststack.Binary(t) }

func TestMain(m *testing.M) {
	code := m.Run()
	teststack.Clean()
	os.Exit(code)
}
