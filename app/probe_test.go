package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/cli"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
)

const probePassword = `S3cr3t$&\@"'<>`

// simulated runs a simulated vCenter until the test ends, and has the environment name it.
func simulated(t *testing.T) *vcsim.Server {
	t.Helper()
	server := vcsimtest.Start(t, vcsim.Config{Username: "probe@vsphere.local", Password: probePassword, History: 100})
	for name, value := range map[string]string{
		"URL": server.URL().String(), "USERNAME": "probe@vsphere.local", "PASSWORD": probePassword, "THUMBPRINT": server.Thumbprint(),
	} {
		t.Setenv("VCRELAY_VCENTER_"+name, value)
	}
	t.Setenv("VCRELAY_LOG_LEVEL", "error")
	return server
}

// probing runs the command and returns its exit code, as main.run works it out, and what it printed.
func probing(t *testing.T, ctx context.Context, options cli.Probe) (code int, printed, complaint string) { //nolint:revive // t first, as everywhere
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	all := make(chan string)
	go func() { text, _ := io.ReadAll(reader); all <- string(text) }()
	output := os.Stdout
	os.Stdout = writer
	err = runProbe(ctx, options)
	os.Stdout = output
	_ = writer.Close()
	printed = <-all
	switch {
	case err != nil:
		return exitCode(err), printed, err.Error()
	case errors.Is(context.Cause(ctx), errInterrupted):
		return 130, printed, ""
	default:
		return 0, printed, ""
	}
}

func TestAProbeNamesItsFileAndSaysToReadItBeforeItIsSent(t *testing.T) {
	server := simulated(t)
	out := filepath.Join(t.TempDir(), "lab.zip")
	code, printed, complaint := probing(t, t.Context(), cli.Probe{Out: out, Pages: 1})
	if code != 0 || complaint != "" || !strings.Contains(printed, "Wrote "+out) || !strings.Contains(printed, "Read it before you send it") {
		t.Errorf("%d %s\n%s", code, complaint, printed)
	}
	if strings.Contains(printed, probePassword) || strings.Contains(printed, server.URL().Host) {
		t.Errorf("%s", printed)
	}
	if file, err := os.Stat(out); err != nil || file.Size() < 1000 || file.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", file, err)
	}
	if server.Sessions() != 0 {
		t.Error("a session is left")
	}
}

func TestAProbeWithoutANameWritesAFileOfItsOwn(t *testing.T) {
	simulated(t)
	t.Chdir(t.TempDir())
	if code, _, complaint := probing(t, t.Context(), cli.Probe{}); code != 0 {
		t.Fatalf("%d %s", code, complaint)
	}
	if files, err := filepath.Glob("vcrelay-probe-20*.zip"); err != nil || len(files) != 1 {
		t.Errorf("%v %v", files, err)
	}
}

func TestAProbeThatFailsSaysWhyByItsExitCodeAndLeavesNoEmptyFile(t *testing.T) {
	simulated(t)
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken.zip")
	if err := os.WriteFile(taken, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	_ = listener.Close()
	fresh := filepath.Join(dir, "fresh.zip")
	for name, c := range map[string]struct {
		variable, value string
		options         cli.Probe
		code            int
		says            string
	}{
		"a file that exists":     {"LOG_LEVEL", "error", cli.Probe{Out: taken}, 2, "taken.zip exists already and is not overwritten; name another one with --out"},
		"no folder for the file": {"LOG_LEVEL", "error", cli.Probe{Out: filepath.Join(dir, "nowhere", "x.zip")}, 2, "--out"},
		"a negative watch":       {"LOG_LEVEL", "error", cli.Probe{Out: fresh, Watch: -time.Second}, 2, "--watch"},
		"too many pages":         {"LOG_LEVEL", "error", cli.Probe{Out: fresh, Pages: 21}, 2, "--pages"},
		"a misspelt variable":    {"VCENTER_URI", "x", cli.Probe{Out: fresh}, 2, "did you mean VCRELAY_VCENTER_URL?"},
		"nobody there":           {"VCENTER_URL", "https://" + closed, cli.Probe{Out: fresh}, 3, "vcenter not reached: "},
		"a wrong password":       {"VCENTER_PASSWORD", "wrong", cli.Probe{Out: fresh}, 4, "vcenter: credentials refused: check VCRELAY_VCENTER_USERNAME"},
		"another certificate":    {"VCENTER_THUMBPRINT", strings.Repeat("AB:", 31) + "AB", cli.Probe{Out: fresh}, 4, "certificate refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("VCRELAY_"+c.variable, c.value)
			code, printed, complaint := probing(t, t.Context(), c.options)
			if code != c.code || !strings.Contains(complaint, c.says) || printed != "" || strings.Contains(complaint, "S3cr3t") {
				t.Errorf("%d %s\n%s", code, complaint, printed)
			}
			if _, err := os.Stat(fresh); err == nil {
				t.Error("an empty file is left")
			}
		})
	}
	if content, err := os.ReadFile(taken); err != nil || string(content) != "precious" {
		t.Errorf("%q %v", content, err)
	}
}

func TestAnInterruptedProbeEndsWith130AndKeepsWhatThereIs(t *testing.T) {
	server := simulated(t)
	out := filepath.Join(t.TempDir(), "lab.zip")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for server.Collectors() == 0 && t.Context().Err() == nil {
			<-time.After(time.Millisecond)
		}
		cancel(errInterrupted)
	}()
	code, printed, complaint := probing(t, ctx, cli.Probe{Out: out, Watch: time.Hour})
	if code != 130 || complaint != "" || !strings.Contains(printed, "Wrote "+out+", incomplete") || !strings.Contains(printed, "INCOMPLETE") {
		t.Errorf("%d %s\n%s", code, complaint, printed)
	}
	if file, err := os.Stat(out); err != nil || file.Size() < 1000 {
		t.Errorf("%v", err)
	}
	if server.Sessions() != 0 {
		t.Error("a session is left")
	}

	told, stop := context.WithCancel(t.Context())
	stop()
	if code, _, complaint := probing(t, told, cli.Probe{Out: out + "2"}); code != 1 || !strings.Contains(complaint, "before its end") {
		t.Errorf("SIGTERM: %d %s", code, complaint)
	}
}
