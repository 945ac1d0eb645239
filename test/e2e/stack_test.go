//go:build e2e

package e2e_test

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/local/runfile"
	"github.com/vcrelay/vcrelay/app/tally"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

const readyTimeout = 60 * time.Second

// lease is short: who is started again after a kill waits for it.
const lease = 2 * time.Second

// stack is the shipped dapr.yaml at work: simulated vCenter, relay, sidecars, JetStream, function.
type stack struct {
	*local.Stack
	t       *testing.T
	dir     string
	ledger  string // ids that reached the function
	address string // of the simulated vCenter
	health  string // address of the relay's health and metrics
}

// startStack runs dapr.yaml in a folder and on ports of its own, with more environment per app. What ends is started
// again. The test ends when the stack cannot go on.
func startStack(t *testing.T, env map[string]map[string]string, without ...string) *stack {
	t.Helper()
	return startStackOn(t, "", env, without...)
}

// sidecarOf names an app of which only the sidecar is to run, for startStack's list of what to go without.
func sidecarOf(app string) string { return app + "/command" }

// startStackOn has other components in place of those of dapr.yaml.
func startStackOn(t *testing.T, components string, env map[string]map[string]string, without ...string) *stack {
	t.Helper()
	file, err := runfile.Read("../../dapr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i := range file.Apps {
		file.Apps[i].Command[0] = binary(t)
		if slices.Contains(without, sidecarOf(file.Apps[i].ID)) {
			file.Apps[i].Command = nil
		}
		if components != "" {
			file.Apps[i].ResourcesPaths = []string{components}
		}
	}
	s := &stack{t: t, dir: t.TempDir(), address: freeAddress(t), health: freeAddress(t)}
	s.ledger = filepath.Join(s.dir, "delivered.ids")
	s.Stack, err = local.New(local.Options{
		RunFile:   file,
		Dir:       s.dir,
		Root:      "../..",
		Skip:      slices.DeleteFunc(without, func(name string) bool { return strings.Contains(name, "/") }),
		OnAppExit: local.Restart,
		Output:    quietOutput(t),
		Env:       merge(env, s.environment()),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.run()
	return s
}

func (s *stack) environment() map[string]map[string]string {
	certificate := filepath.Join(s.dir, "vcsim.pem")
	return map[string]map[string]string{
		"": {"VCRELAY_LOG_FORMAT": "text"},
		"vcsim": {
			"VCRELAY_VCSIM_LISTEN":    s.address,
			"VCRELAY_VCSIM_CERT_FILE": certificate,
		},
		"vcrelay": {
			"VCRELAY_VCENTER_URL":     "https://" + s.address,
			"VCRELAY_VCENTER_CA_FILE": certificate,
			"VCRELAY_LISTEN":          s.health,
			"VCRELAY_LEASE":           lease.String(),
		},
		"echo": {"VCRELAY_ECHO_LEDGER": s.ledger},
	}
}

func (s *stack) run() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.t.Errorf("stack: %v", err)
		}
	})
	select {
	case <-s.Ready():
	case err := <-ended:
		ended <- nil
		s.t.Fatalf("stack ended: %v", err)
	case <-time.After(readyTimeout):
		s.t.Fatal("stack not ready in time")
	}
}

// sidecar is the gRPC address of an app's sidecar.
func (s *stack) sidecar(app string) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.GRPCPort(app)))
}

// simulator is the control API of the simulated vCenter.
func (s *stack) simulator() *tally.Simulator {
	s.t.Helper()
	var simulator *tally.Simulator
	s.eventually("the simulated vCenter answers", readyTimeout, func() bool {
		client, err := tally.NewSimulator(s.address, filepath.Join(s.dir, "vcsim.pem"))
		if err != nil {
			return false
		}
		simulator = client
		_, err = client.Log(s.t.Context())
		return err == nil
	})
	return simulator
}

// deliveries is how often each id reached the function.
func (s *stack) deliveries() map[string]int {
	s.t.Helper()
	deliveries, err := tally.ReadLedger(s.ledger)
	if err != nil {
		s.t.Fatal(err)
	}
	return deliveries
}

// kill ends the process of that name with SIGKILL and waits until it runs again.
func (s *stack) kill(name string) {
	s.t.Helper()
	restarts := s.Restarts(name)
	pid, running := s.Process(name)
	if !running {
		s.t.Fatalf("%s is not running", name)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		s.t.Fatalf("kill %s: %v", name, err)
	}
	s.eventually(name+" runs again", readyTimeout, func() bool {
		_, running := s.Process(name)
		return running && s.Restarts(name) > restarts
	})
}

// freeze stops the process of that name, if there is one just now, until the returned function is called.
func (s *stack) freeze(name string) (thaw func()) {
	s.t.Helper()
	pid, running := s.Process(name)
	if !running || syscall.Kill(pid, syscall.SIGSTOP) != nil {
		return func() {}
	}
	return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
}

// eventually polls until condition holds.
func (s *stack) eventually(what string, timeout time.Duration, condition func() bool) {
	s.t.Helper()
	teststack.Eventually(s.t, what, timeout, condition)
}

// quietOutput shows the log of a failed test, and of go test -v, without one line per event.
func quietOutput(t *testing.T) teststack.Output {
	return teststack.Output{T: t, Without: []string{"echo"}}
}

func freeAddress(t *testing.T) string { t.Helper(); return teststack.FreeAddress(t) }

func merge(first, second map[string]map[string]string) map[string]map[string]string {
	for app, variables := range second {
		if first == nil {
			first = make(map[string]map[string]string)
		}
		if first[app] == nil {
			first[app] = make(map[string]string)
		}
		for name, value := range variables {
			first[app][name] = value
		}
	}
	return first
}
