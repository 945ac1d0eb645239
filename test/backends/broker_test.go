//go:build e2e

package backends_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/local/process"
	"github.com/vcrelay/vcrelay/test/backends"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

const (
	brokerStart = 90 * time.Second
	brokerGrace = 20 * time.Second
)

// broker is a real broker, or the server behind an HTTP target, that the test stops and kills as it likes.
type broker struct {
	t       *testing.T
	program string
	address string
	folder  string
	env     []string

	process *process.Process
	output  *output
}

// startBrokers makes the brokers of a backend, and starts none yet.
func newBrokers(t *testing.T, b *backends.Backend, folder string, env []string) (all []*broker) {
	for i, one := range b.Brokers {
		program := filepath.Join(root(t), one.Program)
		if one.Program == "" {
			program = self(t)
		}
		all = append(all, &broker{
			t: t, program: program, address: teststack.FreeAddress(t), env: env, folder: filepath.Join(folder, "broker-"+string(rune('0'+i))),
		})
	}
	t.Cleanup(func() {
		for _, one := range all {
			one.stop()
		}
	})
	return all
}

// start returns when the broker says that it can be used.
func (b *broker) start() {
	b.t.Helper()
	if err := os.MkdirAll(b.folder, 0o755); err != nil { // some brokers leave the rights of the user who started them
		b.t.Fatal(err)
	}
	b.output = &output{ready: make(chan struct{})}
	cmd := exec.Command(b.program, "--listen", b.address, "--dir", b.folder)
	cmd.Dir, cmd.Env = root(b.t), append(os.Environ(), b.env...)
	cmd.Stdout, cmd.Stderr = b.output, b.output
	var err error
	if b.process, err = process.Start(cmd); err != nil {
		b.t.Fatalf("broker: %v", err)
	}
	select {
	case <-b.output.ready:
	case <-b.process.Done():
		b.t.Fatalf("the broker did not start (%s):\n%s", b.process.Exit(), b.output.last())
	case <-time.After(brokerStart):
		b.t.Fatalf("the broker was not ready after %s:\n%s", brokerStart, b.output.last())
	}
}

// stop asks the broker to end, and waits.
func (b *broker) stop() {
	if b.process != nil {
		b.process.Stop(context.Background(), brokerGrace)
	}
}

// kill ends the broker and all that it started at once.
func (b *broker) kill() {
	b.t.Helper()
	if err := syscall.Kill(-b.process.PID(), syscall.SIGKILL); err != nil {
		b.t.Fatalf("kill the broker: %v", err)
	}
	<-b.process.Done()
}

// output hears the line `ready <address>`, and keeps the end of what was said.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	said  bool
	ready chan struct{}
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(text)
	if all := "\n" + o.text.String(); !o.said && strings.Contains(all, "\nready ") {
		o.said = true
		close(o.ready)
	}
	if o.said && o.text.Len() > 64<<10 {
		o.text.Next(o.text.Len() - 32<<10)
	}
	return len(text), nil
}

func (o *output) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text.Bytes()[max(0, o.text.Len()-4096):])
}

func root(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// self is the test's own program.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
