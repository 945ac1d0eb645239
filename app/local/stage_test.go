package local_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/local/runfile"
)

const patience = 20 * time.Second

// lines is a concurrency-safe output that can be searched while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-limit.C:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// stage is a folder with a run file and fakes, and the stack made from them.
type stage struct {
	dir    string
	stack  *local.Stack
	output *lines
	ended  chan error
	stop   context.CancelFunc
}

const jetstream = `# the default backend
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: events # the topic
spec:
  type: pubsub.jetstream
  version: v1
  metadata:
    - name: natsURL
      value: "nats://localhost:4222" # ours
    - name: durableName
      value: "{appID}"
`

// set writes the run file; each argument is one app: "name: fake-app arguments".
func set(t *testing.T, change func(*local.Options), apps ...string) *stage {
	t.Helper()
	s := &stage{dir: t.TempDir(), output: &lines{}, ended: make(chan error, 1)}
	options, err := stageOptions(s.dir, fake(t, s.dir, "daprd"), fake(t, s.dir, "broker"), fake(t, s.dir, "app"), apps)
	if err != nil {
		t.Fatal(err)
	}
	options.Output = s.output
	if change != nil {
		change(&options)
	}
	if s.stack, err = local.New(options); err != nil {
		t.Fatal(err)
	}
	return s
}

// stageOptions needs no *testing.T: the fake parent uses it too.
func stageOptions(dir, daprd, broker, app string, apps []string) (local.Options, error) {
	file := "version: 1\ncommon:\n  resourcesPaths: [res]\napps:\n"
	for _, entry := range apps {
		name, arguments, _ := strings.Cut(entry, ": ")
		file += fmt.Sprintf("  - appID: %s\n    appDirPath: .\n    command: [%q, %s]\n", name, app, strings.ReplaceAll(arguments, " ", ", "))
	}
	for path, content := range map[string]string{"dapr.yaml": file, "res/events.yaml": jetstream} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700); err != nil {
			return local.Options{}, err
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(content), 0o600); err != nil {
			return local.Options{}, err
		}
	}
	run, err := runfile.Read(filepath.Join(dir, "dapr.yaml"))
	return local.Options{RunFile: run, Dir: filepath.Join(dir, "data"), Daprd: daprd, Broker: broker, Component: filepath.Join(dir, "component")}, err
}

func (s *stage) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s.stop = cancel
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		s.ended <- s.stack.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-finished
		if t.Failed() {
			t.Log(s.output.String())
		}
	})
}

func (s *stage) runReady(t *testing.T) {
	t.Helper()
	s.run(t)
	select {
	case <-s.stack.Ready():
	case err := <-s.ended:
		t.Fatalf("ended before ready: %v\n%s", err, s.output)
	case <-time.After(patience):
		t.Fatalf("not ready:\n%s", s.output)
	}
}

// end waits for Run.
func (s *stage) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(patience):
		t.Fatalf("Run did not end:\n%s", s.output)
		return nil
	}
}

func (s *stage) pid(t *testing.T, name string) int {
	t.Helper()
	pid := 0
	eventually(t, name+" runs", func() (ok bool) { pid, ok = s.stack.Process(name); return ok })
	return pid
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// gone is true for a process that ended, reaped or not.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(status), ") Z ")
}
