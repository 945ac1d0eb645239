//go:build e2e

package stack

import (
	"strings"
	"testing"
	"time"
)

// Eventually polls until condition holds; the test ends when it does not in time.
func Eventually(t *testing.T, what string, timeout time.Duration, condition func() bool) {
	t.Helper()
	if !Within(timeout, condition) {
		t.Fatalf("not in time: %s", what)
	}
}

// Within polls until condition holds, and reports whether it did in time.
func Within(timeout time.Duration, condition func() bool) bool {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			return false
		case <-tick.C:
		}
	}
	return true
}

// Output shows the log of a failed test, and of go test -v, without the lines of the apps that Without names.
type Output struct {
	T       *testing.T
	Without []string
}

func (o Output) Write(line []byte) (int, error) {
	for _, name := range o.Without {
		if strings.HasPrefix(string(line), name+" ") {
			return len(line), nil
		}
	}
	o.T.Log(strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}
