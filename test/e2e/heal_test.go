//go:build e2e

package e2e_test

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// brokerAway is so long that the JetStream client of a sidecar as Dapr has it gives its connection up for good (60 tries, 2 s apart).
const brokerAway = 170 * time.Second

// TestADeadBrokerConnectionIsHealed is `make test-heal`: it takes five minutes. Our own sidecar needs no healing (tools/daprd/patches).
func TestADeadBrokerConnectionIsHealed(t *testing.T) {
	if os.Getenv("E2E_LONG") == "" {
		t.Skip("E2E_LONG is not set")
	}
	if os.Getenv("VCRELAY_DAPRD") == "" {
		t.Fatal("our own sidecar heals by itself; run this on one without patches: VCRELAY_DAPRD=stock, as make test-heal does")
	}
	t.Parallel()
	heal := os.Getenv("E2E_HEAL") // `off` shows what happens without
	if heal == "" {
		heal = "restart-sidecar"
	}
	s := startStack(t, map[string]map[string]string{
		"vcsim":   {"VCRELAY_VCSIM_HISTORY": "100", "VCRELAY_VCSIM_RATE": "20"},
		"vcrelay": {"VCRELAY_HEAL": heal},
	}, "echo")
	simulator := s.simulator()
	s.eventually("events are stored", patience, func() bool { return len(s.stored("vcenter")) > 200 })
	before := len(s.stored("vcenter"))
	thaw := s.freezeAtStart("broker")
	<-time.After(brokerAway)
	thaw()
	back := time.Now()
	s.eventually("events are stored again", 2*time.Minute, func() bool {
		messages, err := s.readStream("vcenter") // the broker may not listen yet
		return err == nil && len(messages) > before+100
	})
	t.Logf("events came again %s after the broker", time.Since(back).Round(time.Second))
	if err := simulator.SetRate(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	log, err := simulator.Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.eventually("all events are stored", patience, func() bool {
		keys := make(map[int]bool)
		for _, message := range s.stored("vcenter") {
			keys[keyOf(t, message)] = true
		}
		return len(keys) >= len(log)
	})
}

// freezeAtStart kills a process, and stops the one that is started in its place before it listens: connections are refused.
func (s *stack) freezeAtStart(name string) (thaw func()) {
	s.t.Helper()
	old, _ := s.Process(name)
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	for {
		if pid, running := s.Process(name); running && pid != old {
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				s.t.Fatal(err)
			}
			return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
		}
		<-time.After(time.Millisecond)
	}
}
