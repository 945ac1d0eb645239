//go:build e2e

package e2e_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// backlog is what a relay finds that was away for a day of a busy vCenter.
const backlog = 100_000

func TestMemoryStaysFlatWhileABacklogDrains(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the peak of a process is read from /proc")
	}
	t.Parallel()
	stack := startStack(t, map[string]map[string]string{
		"vcsim": {
			"VCRELAY_VCSIM_HISTORY": strconv.Itoa(backlog), "VCRELAY_VCSIM_HISTORY_SPAN": "24h",
			"VCRELAY_VCSIM_RATE": "0",
		},
	}, "echo")
	stack.simulator()
	began := time.Now()
	early := 0
	stack.eventually("the backlog is relayed", 4*time.Minute, func() bool {
		key := stack.storedKey()
		if early == 0 && key >= backlog/10 {
			early = stack.peakMiB("vcrelay")
		}
		return key >= backlog
	})
	took := time.Since(began)
	peak := stack.peakMiB("vcrelay")
	fmt.Printf("drain: %d events in %.1f s (%.0f events/s), peak memory of the relay %d MiB (%d MiB after a tenth)\n",
		backlog, took.Seconds(), backlog/took.Seconds(), peak, early)
	if peak > 2*early {
		t.Errorf("memory grew from %d MiB after a tenth of the backlog to %d MiB", early, peak)
	}
}

// peakMiB is the largest resident set that a process has had.
func (s *stack) peakMiB(name string) int {
	s.t.Helper()
	pid, running := s.Process(name)
	if !running {
		s.t.Fatalf("%s is not running", name)
	}
	return peakMiB(s.t, pid)
}

func peakMiB(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kib / 1024
		}
	}
	t.Fatal("no VmHWM in /proc")
	return 0
}
