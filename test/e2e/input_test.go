//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/local/runfile"
	"github.com/vcrelay/vcrelay/app/local/toolbox"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
)

const (
	// canary is a password that must show nowhere, with every letter that a shell, a URL or YAML could trip over.
	canary = `S3cr3t$&\@"'`

	account     = "relay@vsphere.local"
	nonsensical = "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"

	inputLimit = 40 * time.Second // no fault takes longer to be found
)

// input is one way to call the program wrongly, and how it has to end.
type input struct {
	args   string // `run` when empty
	env    map[string]string
	code   int
	want   []string // one regular expression for each line of the complaint
	above  string   // what an app of `up` says before that
	within time.Duration
}

// check runs the program and holds its end against what is wanted: code, complaint, no secret, nothing left.
func (in input) check(t *testing.T) {
	t.Helper()
	p := start(t, in.env, strings.Fields(or(in.args, "run"))...)
	p.wait()
	if p.code != in.code {
		t.Errorf("exit code %d, want %d", p.code, in.code)
	}
	if limit := in.within; limit > 0 && p.took > limit {
		t.Errorf("took %s, want at most %s", p.took, limit)
	}
	complaint := p.complaint()
	if len(complaint) != len(in.want) {
		t.Errorf("%d lines of complaint, want %d", len(complaint), len(in.want))
	}
	for i, line := range complaint[:min(len(complaint), len(in.want))] {
		if !regexp.MustCompile(in.want[i]).MatchString(line) {
			t.Errorf("%s\nis not of the form %s", line, in.want[i])
		}
	}
	if !strings.Contains(p.stdout.String(), in.above) {
		t.Errorf("no line above says %s", in.above)
	}
	if t.Failed() {
		t.Logf("stderr:\n%s\nstdout:\n%s", &p.stderr, &p.stdout)
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// process is one run of the program. What it starts in turn can be told by a variable in its environment.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	mark           string
	began          time.Time
	stdout, stderr bytes.Buffer
	took           time.Duration
	code           int
}

// start runs the program with nothing in its environment but env.
func start(t *testing.T, env map[string]string, args ...string) *process {
	t.Helper()
	p := &process{t: t, mark: "INPUT_TEST=" + uuid.NewString(), began: time.Now()}
	ctx, cancel := context.WithTimeout(t.Context(), inputLimit)
	t.Cleanup(cancel)
	p.cmd = exec.CommandContext(ctx, binary(t), args...) //nolint:gosec // what was just built
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = []string{p.mark, "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.WaitDelay = time.Second // what holds its output is found below
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// wait waits for the end, and checks what holds for every end.
func (p *process) wait() {
	p.t.Helper()
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		p.t.Errorf("wait: %v", err)
	}
	p.took, p.code = time.Since(p.began), p.cmd.ProcessState.ExitCode()
	for _, secret := range []string{canary, "S3cr3t"} {
		if strings.Contains(p.stdout.String()+p.stderr.String(), secret) {
			p.t.Error("the password is in the output")
		}
	}
	if left := p.left(); len(left) > 0 {
		p.t.Errorf("left running: %s", left)
	}
}

// left lists the processes that carry the mark; elsewhere than on Linux nobody can tell.
func (p *process) left() []string {
	var left []string
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environments {
		if content, err := os.ReadFile(path); err == nil && bytes.Contains(content, []byte(p.mark)) { //nolint:gosec // of /proc
			command, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline")) //nolint:gosec // of /proc
			left = append(left, strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return left
}

// complaint is the lines in which the program says why it ended. They come last; before them is the log.
func (p *process) complaint() []string {
	p.t.Helper()
	var lines []string
	for line := range strings.Lines(p.stderr.String()) {
		text, complains := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "vcrelay: ")
		switch {
		case complains:
			lines = append(lines, text)
		case len(lines) > 0, !json.Valid([]byte(line)):
			p.t.Errorf("neither log nor complaint: %s", line)
		}
	}
	return lines
}

// relayEnv is a configuration of the relay that is whole, with changes; an empty value takes away.
func relayEnv(changes ...map[string]string) map[string]string {
	env := map[string]string{
		"VCRELAY_VCENTER_URL": "https://127.0.0.1:1", "VCRELAY_VCENTER_USERNAME": account, "VCRELAY_VCENTER_PASSWORD": canary,
		"VCRELAY_CONNECT_TIMEOUT": "2s", "VCRELAY_LISTEN": "127.0.0.1:0", "DAPR_GRPC_PORT": "1",
	}
	for _, change := range changes {
		for name, value := range change {
			env[name] = value
			if value == "" {
				delete(env, name)
			}
		}
	}
	return env
}

func TestAFaultyConfigurationOrCallEndsWithTwo(t *testing.T) {
	taken := listen(t)
	for name, in := range map[string]input{
		"a variable that there is not": {
			env: relayEnv(map[string]string{"VCRELAY_VCENTER_PASSWROD": canary}), code: 2,
			want: []string{`^VCRELAY_VCENTER_PASSWROD: unknown variable; did you mean VCRELAY_VCENTER_PASSWORD\?$`},
		},
		"nothing configured": {code: 2, want: []string{
			`^VCRELAY_VCENTER_URL: not set; give .*https://vcenter\.example\.com`,
			`^VCRELAY_VCENTER_USERNAME: not set; set it or VCRELAY_VCENTER_USERNAME_FILE$`,
			`^VCRELAY_VCENTER_PASSWORD: not set; set it or VCRELAY_VCENTER_PASSWORD_FILE$`,
		}},
		"an address that is none": {
			env: relayEnv(map[string]string{"VCRELAY_VCENTER_URL": "ftp://root:" + canary + "@vc"}), code: 2,
			want: []string{`^VCRELAY_VCENTER_URL: no address of a vCenter; use e\.g\. https://`},
		},
		"many faults": {
			env: relayEnv(map[string]string{"VCRELAY_TARGET": "kafka://x", "VCRELAY_START": "soon", "VCRELAY_CONNECT_TIMEOUT": "60", "DAPR_GRPC_PORT": "x"}), code: 2,
			want: []string{`^VCRELAY_TARGET: .*pubsub://`, `^VCRELAY_START: .*oldest`, `^VCRELAY_CONNECT_TIMEOUT: .*1m`, `^DAPR_GRPC_PORT: .*unset`},
		},
		"a password file that is not there": {
			env: relayEnv(map[string]string{"VCRELAY_VCENTER_PASSWORD": "", "VCRELAY_VCENTER_PASSWORD_FILE": "none"}), code: 2,
			want: []string{`^VCRELAY_VCENTER_PASSWORD_FILE: open none: no such file`},
		},
		"a busy port": {
			env: relayEnv(map[string]string{"VCRELAY_LISTEN": taken}), code: 2,
			want: []string{`^listen for health and metrics: .*` + taken + `: .*address already in use; set VCRELAY_LISTEN to a free address$`},
		},
		"a busy port of a function": {
			args: "function echo", env: map[string]string{"VCRELAY_FUNCTION_LISTEN": taken}, code: 2,
			want: []string{taken + `.*address already in use.*VCRELAY_FUNCTION_LISTEN`},
		},
		"a busy port of the simulator": {
			args: "vcsim --listen " + taken, code: 2,
			want: []string{taken + `.*VCRELAY_VCSIM_LISTEN.*address already in use`},
		},
		"an unknown function": {
			args: "function nope", code: 2, want: []string{"no function \"nope\"; `vcrelay function list` shows them$"},
		},
		"an unknown command": {
			args: "rum", code: 2, want: []string{"unknown command \"rum\".*did you mean run.*; see `vcrelay --help`$"},
		},
		"an unknown flag": {args: "run --fast", code: 2, want: []string{"unknown flag: --fast; see `vcrelay run --help`$"}},
		"a faulty number": {
			args: "vcsim", env: map[string]string{"VCRELAY_VCSIM_RATE": "fast", "VCRELAY_VCSIM_PASSWORD": canary}, code: 2,
			want: []string{`^VCRELAY_VCSIM_RATE: "fast" cannot be read as a number$`},
		},
	} {
		in.within = 5 * time.Second
		t.Run(name, in.check)
	}
}

func TestASidecarThatIsNotThereEndsWithThree(t *testing.T) {
	port := strings.TrimPrefix(freeAddress(t), "127.0.0.1:")
	input{
		env: relayEnv(map[string]string{"DAPR_GRPC_PORT": port}), code: 3, within: 6 * time.Second,
		want: []string{`^sidecar not reached within VCRELAY_CONNECT_TIMEOUT=2s: ask the sidecar for its components: .*127\.0\.0\.1:` + port +
			`: connect: connection refused; start a Dapr sidecar beside vcrelay, or set DAPR_GRPC_PORT`},
	}.check(t)
}

func TestAVcenterThatCannotBeUsedEndsWithTheCodeOfItsReason(t *testing.T) {
	gate := newGate(t)
	authority := gate.certificateFile(t)
	beside := map[string]string{"DAPR_GRPC_PORT": strconv.Itoa(sidecar(t, pubsubComponent, stateComponent))}
	at := func(changes map[string]string) map[string]string {
		return relayEnv(beside, map[string]string{"VCRELAY_VCENTER_URL": gate.URL}, changes)
	}
	for name, c := range map[string]struct {
		input
		logins int64
	}{
		"nobody there": {input: input{
			env: relayEnv(beside, map[string]string{"VCRELAY_VCENTER_URL": "https://" + freeAddress(t)}), code: 3, within: 6 * time.Second,
			want: []string{`^vcenter not reached within VCRELAY_CONNECT_TIMEOUT=2s: .*connection refused; check VCRELAY_VCENTER_URL`},
		}},
		"somebody there who never answers": {input: input{
			env: relayEnv(beside, map[string]string{"VCRELAY_VCENTER_URL": "https://" + listen(t)}), code: 3, within: 6 * time.Second,
			want: []string{`^vcenter not reached within VCRELAY_CONNECT_TIMEOUT=2s: .*; check VCRELAY_VCENTER_URL`},
		}},
		"a refused password": {logins: 1, input: input{
			env: at(map[string]string{"VCRELAY_VCENTER_CA_FILE": authority}), code: 4, within: 6 * time.Second,
			want: []string{`credentials refused: check VCRELAY_VCENTER_USERNAME and the password$`},
		}},
		"a certificate that nobody vouches for": {input: input{
			env: at(nil), code: 4, within: 6 * time.Second,
			want: []string{`certificate refused: .*; set VCRELAY_VCENTER_CA_FILE or VCRELAY_VCENTER_THUMBPRINT$`},
		}},
		"a wrong thumbprint": {input: input{
			env: at(map[string]string{"VCRELAY_VCENTER_THUMBPRINT": nonsensical}), code: 4, within: 6 * time.Second,
			want: []string{`certificate refused: its SHA-256 thumbprint is ([0-9A-F]{2}:){31}[0-9A-F]{2}, expected ` + nonsensical},
		}},
		"a file of authorities that is not there": {input: input{
			env: at(map[string]string{"VCRELAY_VCENTER_CA_FILE": "none.pem"}), code: 2, within: 6 * time.Second,
			want: []string{`settings cannot be used: .*none\.pem: no such file`},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			before := gate.logins.Load()
			c.check(t)
			if got := gate.logins.Load() - before; got != c.logins {
				t.Errorf("the vCenter saw %d logins, want %d", got, c.logins)
			}
		})
	}
}

func TestASidecarWithoutTheRightComponentsEndsWithTwo(t *testing.T) {
	for name, c := range map[string]struct{ component, want string }{
		"no state store": {pubsubComponent, `the sidecar has no state store "checkpoints"; add it .* or set VCRELAY_STATE_STORE$`},
		"no pub/sub":     {stateComponent, `the sidecar has no pub/sub component "events"; add it .* or set VCRELAY_TARGET$`},
	} {
		t.Run(name, func(t *testing.T) {
			port := strconv.Itoa(sidecar(t, c.component))
			input{
				env:  relayEnv(map[string]string{"DAPR_GRPC_PORT": port, "VCRELAY_CONNECT_TIMEOUT": "1m"}),
				code: 2, want: []string{c.want}, within: 15 * time.Second,
			}.check(t)
		})
	}
}

func TestATimeoutOfZeroStaysUpWithoutLockingTheAccountUntilToldToStop(t *testing.T) {
	gate := newGate(t)
	address := freeAddress(t)
	p := start(t, relayEnv(map[string]string{
		"DAPR_GRPC_PORT": strconv.Itoa(sidecar(t, pubsubComponent, stateComponent)), "VCRELAY_LISTEN": address,
		"VCRELAY_VCENTER_URL": gate.URL, "VCRELAY_VCENTER_CA_FILE": gate.certificateFile(t), "VCRELAY_CONNECT_TIMEOUT": "0",
	}), "run")
	eventually(t, "ten tries", func() bool { return gate.tries.Load() >= 10 })
	if got := gate.logins.Load(); got != 3 {
		t.Errorf("%d logins with a refused password, want 3", got)
	}
	for path, want := range map[string]string{"/healthz": "200 ok", "/readyz": "503 not ready: vcenter: .*credentials refused 3 times"} {
		if got := ask(t, "http://"+address+path); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	told := time.Now()
	p.wait()
	if complaint := p.complaint(); p.code != 0 || len(complaint) > 0 || time.Since(told) > 5*time.Second {
		t.Errorf("exit code %d after %s: %s", p.code, time.Since(told), complaint)
	}
}

func TestARunFileThatCannotBeRunEndsWithOneLineAndNothingLeft(t *testing.T) {
	busy := listen(t)
	gate := newGate(t)
	simulator := func(address string) string {
		return fmt.Sprintf("  - appID: sim\n    appDirPath: .\n    command: [%q, vcsim]\n    env: {VCRELAY_VCSIM_LISTEN: %q, VCRELAY_VCSIM_PASSWORD: %q}\n", binary(t), address, canary)
	}
	for name, c := range map[string]struct {
		text       string // of dapr.yaml
		components []string
		env        map[string]string
		code       int
		want       []string
		above      string
	}{
		"two lines that are wrong": {
			text: "version: 1\napps:\n  - appID: sim\n    appDirPath: .\n    comand: [x]\n    appPort: many\n", code: 2,
			want: []string{`^dapr\.yaml:5: .*comand`, `^dapr\.yaml:6: .*appPort`},
		},
		"no YAML":       {text: "version: 1\napps: [\n", code: 2, want: []string{`^dapr\.yaml:2: `}},
		"a busy port":   {text: "version: 1\napps:\n" + simulator(busy), code: 2, want: []string{`app sim ended .*its last lines above say why`}, above: "VCRELAY_VCSIM_LISTEN"},
		"no run file":   {code: 2, want: []string{`dapr\.yaml: no such file`}},
		"no such thing": {text: "version: 1\napps:\n  - appID: x\n    appDirPath: .\n    command: [./none]\n", code: 2, want: []string{`app x: its command \./none is not there`}},
		"a component that the sidecar refuses": {
			text:       "version: 1\ncommon: {resourcesPath: components}\napps:\n" + simulator("127.0.0.1:0"),
			components: []string{strings.Replace(pubsubComponent, "pubsub.in-memory", "pubsub.nonsense", 1)}, code: 1,
			want: []string{`^sidecar of sim ended 3 times .*pubsub\.nonsense.*components`},
		},
		"a refused password": {
			text:       fmt.Sprintf("version: 1\ncommon: {resourcesPath: components}\napps:\n  - appID: vcrelay\n    appDirPath: .\n    command: [%q, run]\n", binary(t)),
			components: []string{pubsubComponent, stateComponent}, code: 4, want: []string{`app vcrelay ended .*its last lines above say why`}, above: "check VCRELAY_VCENTER_USERNAME",
			env: relayEnv(map[string]string{"VCRELAY_VCENTER_URL": gate.URL, "VCRELAY_VCENTER_CA_FILE": gate.certificateFile(t), "DAPR_GRPC_PORT": ""}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "dapr.yaml")
			if c.text != "" {
				write(t, file, c.text)
			}
			writeComponents(t, filepath.Join(dir, "components"), c.components...)
			env := map[string]string{"VCRELAY_DAPRD": daprd(t)}
			for name, value := range c.env {
				env[name] = value
			}
			input{args: "up --file " + file + " --dir " + filepath.Join(dir, "data"), env: env, code: c.code, want: c.want, above: c.above}.check(t)
		})
	}
}

// gate is a simulated vCenter behind a proxy that counts what arrives, with a password that nobody has.
type gate struct {
	*httptest.Server
	tries, logins atomic.Int64
}

func newGate(t *testing.T) *gate {
	t.Helper()
	simulator := vcsimtest.Start(t, vcsim.Config{Username: account, Password: "another"})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(simulator.CertificatePEM())
	through := httputil.NewSingleHostReverseProxy(simulator.URL().JoinPath(".."))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	through.Transport = transport
	g := &gate{}
	g.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte("<Login ")) {
			g.logins.Add(1)
		}
		if strings.HasSuffix(r.URL.Path, "ServiceVersions.xml") {
			g.tries.Add(1)
		}
		through.ServeHTTP(w, r)
	}))
	g.Config.ErrorLog = nil
	t.Cleanup(func() { g.Close(); transport.CloseIdleConnections() })
	return g
}

// certificateFile is a file of the authority that vouches for the gate.
func (g *gate) certificateFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gate.pem")
	write(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.Certificate().Raw})))
	return path
}

const (
	pubsubComponent = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: events}\nspec: {type: pubsub.in-memory, version: v1}\n"
	stateComponent  = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: checkpoints}\nspec: {type: state.in-memory, version: v1}\n"
)

// sidecar runs a real one with those components until the test ends, and returns its gRPC port.
func sidecar(t *testing.T, components ...string) int {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "dapr.yaml")
	write(t, file, "version: 1\ncommon: {resourcesPath: components, placementHostAddress: \"\", schedulerHostAddress: \"\"}\napps: [{appID: vcrelay, appDirPath: .}]\n")
	writeComponents(t, filepath.Join(dir, "components"), components...)
	runFile, err := runfile.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	one := &stack{t: t, dir: dir}
	one.Stack, err = local.New(local.Options{RunFile: runFile, Dir: filepath.Join(dir, "data"), Daprd: daprd(t), Output: quietOutput(t)})
	if err != nil {
		t.Fatal(err)
	}
	one.run()
	return one.GRPCPort("vcrelay")
}

func daprd(t *testing.T) string {
	t.Helper()
	tools := toolbox.Toolbox{Root: "../.."}
	path, err := tools.Daprd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func writeComponents(t *testing.T, dir string, components ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i, text := range components {
		write(t, filepath.Join(dir, strconv.Itoa(i)+".yaml"), text)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// listen takes a port until the test ends, on which nobody answers.
func listen(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// ask returns status and body, "" while nobody answers.
func ask(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	body, _ := io.ReadAll(answer.Body)
	return fmt.Sprintf("%d %s", answer.StatusCode, body)
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	(&stack{t: t}).eventually(what, inputLimit, condition)
}
