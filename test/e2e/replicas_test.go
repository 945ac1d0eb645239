//go:build e2e

package e2e_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/tally"
)

// replica is a relay beside that of the stack, on the same sidecar, that is started again when it was killed.
type replica struct {
	stack   *stack
	health  string
	process *exec.Cmd
}

func (s *stack) replica() *replica {
	r := &replica{stack: s, health: freeAddress(s.t)}
	r.start()
	s.t.Cleanup(func() {
		_ = r.process.Process.Kill()
		_ = r.process.Wait()
	})
	return r
}

func (r *replica) start() {
	r.stack.t.Helper()
	r.process = exec.Command(binary(r.stack.t), "run") //nolint:noctx // it is killed
	r.process.Env = append(os.Environ(),
		"VCRELAY_VCENTER_USERNAME=administrator@vsphere.local", "VCRELAY_VCENTER_PASSWORD=vcsim", "VCRELAY_START=oldest",
		"DAPR_GRPC_ENDPOINT="+r.stack.sidecar("vcrelay"))
	for name, value := range r.stack.environment()["vcrelay"] {
		r.process.Env = append(r.process.Env, name+"="+value)
	}
	r.process.Env = append(r.process.Env, "VCRELAY_LISTEN="+r.health)
	if err := r.process.Start(); err != nil {
		r.stack.t.Fatal(err)
	}
}

// stop tells the relay to stop, and returns how long that took. It does not start again.
func (r *replica) stop() time.Duration {
	r.stack.t.Helper()
	told := time.Now()
	if err := r.process.Process.Signal(syscall.SIGTERM); err != nil {
		r.stack.t.Fatal(err)
	}
	if err := r.process.Wait(); err != nil {
		r.stack.t.Errorf("a relay that was told to stop ended with %v", err)
	}
	return time.Since(told)
}

func (r *replica) kill() {
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
	r.start()
}

// owns tells whether the relay at an address has the stream.
func (s *stack) owns(health string) bool {
	body, err := s.get("http://" + health + "/metrics")
	for line := range strings.Lines(body) {
		if err == nil && strings.HasPrefix(line, "vcrelay_stream_owner") {
			return strings.HasSuffix(strings.TrimSpace(line), " 1")
		}
	}
	return false
}

// rounds is how often an owner is killed or paused.
const rounds = 6

func TestReplicasTakeOverFromEachOther(t *testing.T) {
	t.Parallel()
	s := startStack(t, map[string]map[string]string{"vcsim": {"VCRELAY_VCSIM_HISTORY": "5000", "VCRELAY_VCSIM_RATE": "100"}})
	simulator := s.simulator()
	replicas := []*replica{s.replica(), s.replica()}
	for round := range rounds {
		var owner *replica
		own := false // the stack's own relay
		s.eventually("a relay has the stream", readyTimeout, func() bool {
			own = s.owns(s.health)
			for _, r := range replicas {
				if s.owns(r.health) {
					owner = r
				}
			}
			return own || owner != nil
		})
		<-time.After(time.Duration(rand.Int64N(int64(time.Second))))
		paused := round%2 == 1
		switch {
		case own && paused:
			thaw := s.freeze("vcrelay")
			<-time.After(2 * lease)
			thaw()
		case own:
			s.kill("vcrelay")
		case paused:
			_ = owner.process.Process.Signal(syscall.SIGSTOP)
			<-time.After(2 * lease)
			_ = owner.process.Process.Signal(syscall.SIGCONT)
		default:
			owner.kill()
		}
	}
	if err := simulator.SetRate(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	log, err := simulator.Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result, err := tally.Await(t.Context(), log, s.ledger, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s; %d times the owner was killed or paused", result, rounds)
	if len(result.Missing) > 0 {
		t.Errorf("%d events are missing, the first is %s", len(result.Missing), result.Missing[0])
	}
	s.checkOrderPerEntity()
}
