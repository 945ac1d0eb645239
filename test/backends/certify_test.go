//go:build e2e

package backends_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/local/runfile"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/test/backends"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

// scale is how much a certification does.
type scale struct {
	events   int           // in all
	history  int           // of those, before the start
	rate     float64       // events/s while faults strike
	burst    float64       // events/s in the quiet phases
	quiet    time.Duration // how long the first of them lasts
	held     time.Duration // how long the broker is held back at the start
	refused  int           // events that the function refuses
	backlog  int           // events of the backlog that is drained at the end
	slow     time.Duration // how long the function is slow, or fails
	patience time.Duration // after the last arrival, before what is missing counts as lost
}

var (
	long  = scale{20_000, 8_000, 40, 300, 15 * time.Second, 20 * time.Second, 10, 50_000, 15 * time.Second, 2 * time.Minute}
	short = scale{2_000, 700, 15, 300, 2 * time.Second, 5 * time.Second, 3, 5_000, 2 * time.Second, 2 * time.Minute}
)

// TestCertify is `make certify BACKEND=<folder>`.
func TestCertify(t *testing.T) {
	name, asked := os.LookupEnv("E2E_BACKEND")
	if !asked {
		t.Skip("E2E_BACKEND is not set")
	}
	b, found := backends.Find(name)
	if !found || b.NotRun != "" {
		t.Fatalf("BACKEND=%s: there is no certification of it: %s", name, b.NotRun)
	}
	teststack.Binary(t)
	c := newCertification(t, b)
	r := c.certify()
	r.Seconds = int(time.Since(c.began).Seconds())
	r.Failures = b.Verdict(r)
	show("\n%s", r.Table())
	for _, fault := range r.Failures {
		t.Error(fault)
	}
	if err := r.Write(filepath.Join(root(t), "bin", "certify")); err != nil {
		t.Fatal(err)
	}
}

// show prints for the person who certifies; each line so that the Makefile finds it in the output of go test.
func show(format string, arguments ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, arguments...) + "\n") {
		fmt.Print("certify: ", line)
	}
}

// certification is one backend at work.
type certification struct {
	backends.Backend
	scale

	t         *testing.T
	began     time.Time
	short     bool
	dir       string
	resources string // a copy of the folder that points at our brokers
	mood      string // file that the function reads
	brokers   []*broker
	vcenter   *vcenter
	ledger    *ledger
	bus       *bus // nil for a backend whose function reads no queue
	stack     *running
	health    string // of the relay

	spans   []backends.Span
	acked   map[string]float64 // seconds, by phase
	helped  map[string]bool    // phases after which something was restarted by hand
	during  float64            // what the relay had acknowledged when the broker was away
	refused []string           // ids
	dead    bool               // nothing arrives any more
}

func newCertification(t *testing.T, b backends.Backend) *certification {
	t.Helper()
	c := &certification{
		Backend: b, scale: long, t: t, began: time.Now(), dir: t.TempDir(), health: teststack.FreeAddress(t), short: os.Getenv("E2E_SHORT") != "",
		acked: make(map[string]float64), helped: make(map[string]bool),
	}
	if c.short {
		c.scale = short
	}
	c.mood = filepath.Join(c.dir, "mood")
	c.ledger = &ledger{t: t, path: filepath.Join(c.dir, "ledger")}
	if b.HTTP() {
		c.ledger.letters = filepath.Join(c.dir, "main", "vcrelay-deadletters")
	}
	if b.Queue {
		c.bus = startBus(t)
	}
	c.brokers = newBrokers(t, &b, c.dir, c.gatewayEnvironment())
	if b.Queue {
		t.Setenv("AWS_ENDPOINT_URL", "http://"+c.brokers[0].address)
	}
	c.resources = c.pointedResources()
	c.vcenter = serveVCenter(t, vcsim.Config{History: c.history, Rate: 0, VMs: 50, Hosts: 5})
	return c
}

// gatewayEnvironment makes the test's own program the server of an HTTP target, or of the bus.
func (c *certification) gatewayEnvironment() []string {
	switch {
	case c.Queue:
		return []string{"E2E_CHILD=" + c.Name, "E2E_MOTO=" + c.bus.address}
	case c.HTTP():
		return append(c.functionEnvironment(), "E2E_CHILD="+strings.TrimPrefix(c.Name, "http-"))
	}
	return nil
}

func (c *certification) functionEnvironment() []string {
	return []string{"E2E_CHILD=function", "E2E_LEDGER=" + c.ledger.path, "E2E_MOOD=" + c.mood}
}

// pointedResources is a copy of the component folder in which each broker's port is that of ours.
func (c *certification) pointedResources() string {
	c.t.Helper()
	from, to := filepath.Join(root(c.t), "components", c.Name), filepath.Join(c.dir, "components")
	if err := os.MkdirAll(to, 0o700); err != nil {
		c.t.Fatal(err)
	}
	paths, _ := filepath.Glob(filepath.Join(from, "*.yaml"))
	if len(paths) == 0 {
		c.t.Fatalf("there are no components in %s", from)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			c.t.Fatal(err)
		}
		for i, one := range c.Brokers {
			if one.Port == "" {
				continue
			}
			_, port, _ := strings.Cut(c.brokers[i].address, ":")
			text = regexp.MustCompile(`\b`+one.Port+`\b`).ReplaceAll(text, []byte(port))
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(path)), text, 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	return to
}

// running is a stack, until stop.
type running struct {
	*local.Stack
	stop func()
}

// The apps of a stack.
const (
	theRelay    = "vcrelay"
	theFunction = "ledger"

	theComponent = "eventbridge" // the process that the stack runs for its components
)

// startStack runs some of relay and function, each with its sidecar, in a folder of its own. It does not wait for them.
func (c *certification) startStack(folder string, relay map[string]string, apps ...string) *running {
	c.t.Helper()
	file, err := runfile.Read("../../dapr.yaml")
	if err != nil {
		c.t.Fatal(err)
	}
	var chosen []runfile.App
	for _, app := range file.Apps {
		switch app.ID {
		case "vcrelay":
			app.Command[0] = teststack.Binary(c.t)
			app.ResourcesPaths = []string{c.resources}
		case "echo":
			app.ID, app.Command = theFunction, []string{self(c.t)}
			app.ResourcesPaths = []string{c.resources, filepath.Join(root(c.t), "test/backends/testdata/subscriptions")}
		default:
			continue
		}
		for _, name := range apps {
			if name == app.ID {
				chosen = append(chosen, app)
			}
		}
	}
	file.Apps = chosen
	environment := map[string]string{}
	for _, pair := range c.functionEnvironment() {
		name, value, _ := strings.Cut(pair, "=")
		environment[name] = value
	}
	stack, err := local.New(local.Options{
		RunFile: file, Dir: filepath.Join(c.dir, folder), Root: root(c.t), NoBroker: true, Component: teststack.Binary(c.t), OnAppExit: local.Restart,
		Env: map[string]map[string]string{theRelay: relay, theFunction: environment}, Output: teststack.Output{T: c.t},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.run(stack)
}

func (c *certification) run(stack *local.Stack) *running {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- stack.Run(ctx) }()
	stopped := false
	r := &running{Stack: stack}
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("stack: %v", err)
		}
	}
	c.t.Cleanup(r.stop)
	return r
}

// relayEnvironment is how the relay is told to read the vCenter and to publish on this backend.
func (c *certification) relayEnvironment(v *vcenter) map[string]string {
	env := v.relay()
	env["VCRELAY_LISTEN"], env["VCRELAY_LEASE"], env["VCRELAY_HEAL"], env["VCRELAY_LOG_FORMAT"] = c.health, "2s", "restart-sidecar", "text"
	if c.HTTP() {
		env["VCRELAY_TARGET"], env["VCRELAY_MODE"], env["VCRELAY_DEADLETTER"] = c.Target, c.Mode, c.DeadLetter
	}
	return env
}
