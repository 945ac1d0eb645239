//go:build e2e

package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/local"
	child "github.com/vcrelay/vcrelay/app/local/process"
	"github.com/vcrelay/vcrelay/app/local/runfile"
	"github.com/vcrelay/vcrelay/app/local/toolbox"
)

// fleetTopic has a JetStream stream that drops next to no duplicates, so that they can be counted.
const fleetTopic = "fleet"

// fleet is a broker and relays with one fleet file, each beside a sidecar of its own. All sidecars have the app id vcrelay, as
// the replicas of a deployment have.
type fleet struct {
	*stack
	components string // folder
	file       string // the fleet file
	relays     []*member
}

// sqliteState is the shipped state store.
func sqliteState(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../components/nats/state.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// startFleet runs the broker and the first sidecar, with that state component, and makes the stream of fleetTopic.
func startFleet(t *testing.T, state string) *fleet {
	t.Helper()
	file, err := runfile.Read("../../dapr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{stack: &stack{t: t, dir: t.TempDir()}, components: t.TempDir()}
	f.file = filepath.Join(f.dir, "fleet.yaml")
	pubsub, err := os.ReadFile("../../components/nats/pubsub.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f.write(filepath.Join(f.components, "state.yaml"), state)
	f.write(filepath.Join(f.components, "pubsub.yaml"), string(pubsub))
	file.Apps = slices.DeleteFunc(file.Apps, func(app runfile.App) bool { return app.ID != "vcrelay" })
	file.Apps[0].Command = nil // the relays run beside it
	file.Apps[0].ResourcesPaths = []string{f.components}
	f.Stack, err = local.New(local.Options{RunFile: file, Dir: f.dir, Root: "../..", OnAppExit: local.Restart, Output: quietOutput(t)})
	if err != nil {
		t.Fatal(err)
	}
	f.run()
	f.createStream(fleetTopic, 100*time.Millisecond)
	return f
}

func (f *fleet) write(path, text string) {
	f.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// createStream makes a JetStream stream for a topic.
func (f *fleet) createStream(topic string, duplicates time.Duration) {
	f.t.Helper()
	broker, err := (&toolbox.Toolbox{Root: "../.."}).Broker(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	create := exec.CommandContext(f.t.Context(), broker, "create", "-url", f.BrokerURL(), "-stream", topic, "-duplicates", duplicates.String())
	if out, err := create.CombinedOutput(); err != nil {
		f.t.Fatalf("create stream %s: %v: %s", topic, err, out)
	}
}

// oneRoute publishes all to fleetTopic.
const oneRoute = "  - {name: default, target: 'pubsub://events/" + fleetTopic + "'}\n"

// configure writes the fleet file.
func (f *fleet) configure(routes string, vcenters ...*simulated) {
	f.t.Helper()
	text := "vcenters:\n"
	for _, v := range vcenters {
		text += v.entry()
	}
	f.write(f.file, text+"routes:\n"+routes)
}

func (f *fleet) fleetFile() string {
	f.t.Helper()
	text, err := os.ReadFile(f.file)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

// member is a relay with a sidecar of its own.
type member struct {
	fleet   *fleet
	number  int
	sidecar string // its gRPC address
	health  string
	log     string // file
	process *child.Process
}

// addRelay starts a relay. The first one has the sidecar of the stack.
func (f *fleet) addRelay() *member {
	f.t.Helper()
	m := &member{fleet: f, number: len(f.relays) + 1, health: freeAddress(f.t)}
	m.log = filepath.Join(f.dir, fmt.Sprintf("relay-%d.log", m.number))
	m.sidecar = net.JoinHostPort("127.0.0.1", strconv.Itoa(f.GRPCPort("vcrelay")))
	if len(f.relays) > 0 {
		m.sidecar = f.addSidecar(m.number)
	}
	f.relays = append(f.relays, m)
	f.t.Cleanup(func() {
		m.process.Stop(f.t.Context(), 10*time.Second)
		if f.t.Failed() {
			m.show()
		}
	})
	m.start()
	return m
}

// show prints the end of the log.
func (m *member) show() {
	const most = 60
	lines := strings.Split(m.logged(), "\n")
	m.fleet.t.Logf("relay %d:\n%s", m.number, strings.Join(lines[max(0, len(lines)-most):], "\n"))
}

func (m *member) start() {
	m.fleet.t.Helper()
	log, err := os.OpenFile(m.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		m.fleet.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	command := exec.Command(binary(m.fleet.t), "run")
	command.Stdout, command.Stderr = log, log
	command.Env = append(os.Environ(),
		"VCRELAY_CONFIG="+m.fleet.file, "VCRELAY_LEASE="+lease.String(), "VCRELAY_LISTEN="+m.health, "VCRELAY_LOG_FORMAT=json",
		"DAPR_GRPC_ENDPOINT="+m.sidecar)
	if m.process, err = child.Start(command); err != nil {
		m.fleet.t.Fatal(err)
	}
}

func (m *member) signal(s os.Signal) {
	m.fleet.t.Helper()
	running, err := os.FindProcess(m.process.PID())
	if err == nil {
		err = running.Signal(s)
	}
	if err != nil {
		m.fleet.t.Fatalf("relay %d: %v", m.number, err)
	}
}

// kill ends the relay as a crash would.
func (m *member) kill() {
	m.fleet.t.Helper()
	m.signal(os.Kill)
	<-m.process.Done()
}

// stop ends the relay in peace.
func (m *member) stop() {
	m.fleet.t.Helper()
	if m.process.Stop(m.fleet.t.Context(), 10*time.Second) {
		m.fleet.t.Errorf("relay %d had to be killed", m.number)
	}
}

func (m *member) logged() string {
	text, err := os.ReadFile(m.log)
	if err != nil {
		return ""
	}
	return string(text)
}

// says waits for a line of the log that has all of these texts.
func (m *member) says(texts ...string) {
	m.fleet.t.Helper()
	m.fleet.eventually("the log has "+strings.Join(texts, " and "), patience, func() bool { return m.said(texts...) > 0 })
}

func (m *member) said(texts ...string) (times int) {
	for line := range strings.Lines(m.logged()) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			times++
		}
	}
	return times
}

// metric is the sum of the lines of that name that have all of these labels.
func (m *member) metric(name string, labels ...string) (sum float64, found bool) {
	body, err := m.fleet.get("http://" + m.health + "/metrics")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(body) {
		rest, is := strings.CutPrefix(line, name)
		if !is || rest[0] != '{' && rest[0] != ' ' || slices.ContainsFunc(labels, func(label string) bool { return !strings.Contains(line, label) }) {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
		if err != nil {
			m.fleet.t.Errorf("metrics: %v", err)
		}
		sum, found = sum+value, true
	}
	return sum, found
}

// reaches waits until a metric has a value.
func (m *member) reaches(want float64, name string, labels ...string) {
	m.fleet.t.Helper()
	m.fleet.eventually(fmt.Sprintf("%s%s is %v", name, labels, want), patience, func() bool {
		value, found := m.metric(name, labels...)
		return found && value == want
	})
}

// addSidecar runs another sidecar of the app id vcrelay and returns its gRPC address.
func (f *fleet) addSidecar(number int) string {
	f.t.Helper()
	daprd, err := (&toolbox.Toolbox{Root: "../.."}).Daprd(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	components := f.t.TempDir()
	for _, name := range []string{"state.yaml", "pubsub.yaml"} {
		text, err := os.ReadFile(filepath.Join(f.components, name))
		if err != nil {
			f.t.Fatal(err)
		}
		f.write(filepath.Join(components, name), strings.ReplaceAll(string(text), "nats://127.0.0.1:4222", f.BrokerURL()))
	}
	var ports [3]string
	for i := range ports {
		_, ports[i], _ = net.SplitHostPort(freeAddress(f.t))
	}
	command := exec.Command(daprd, "--app-id", "vcrelay", "--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1",
		"--dapr-http-port", ports[0], "--dapr-grpc-port", ports[1], "--dapr-internal-grpc-port", ports[2], "--enable-metrics=false",
		"--placement-host-address", "", "--scheduler-host-address", "", "--log-level", "warn", "--resources-path", components)
	command.Dir = f.dir
	command.Env = append(os.Environ(), "DAPR_HOST_IP=127.0.0.1")
	log, err := os.Create(filepath.Join(f.dir, fmt.Sprintf("sidecar-%d.log", number)))
	if err != nil {
		f.t.Fatal(err)
	}
	command.Stdout, command.Stderr = log, log
	sidecar, err := child.Start(command)
	_ = log.Close()
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { sidecar.Stop(f.t.Context(), 10*time.Second) })
	f.eventually("the sidecar answers", readyTimeout, func() bool {
		answer, err := http.Get("http://127.0.0.1:" + ports[0] + "/v1.0/healthz/outbound")
		if err == nil {
			_ = answer.Body.Close()
		}
		return err == nil && answer.StatusCode == http.StatusNoContent
	})
	return net.JoinHostPort("127.0.0.1", ports[1])
}
