package local_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/local"
)

func TestStopEndsEachAppBeforeItsSidecarInReverseOrderAndTheBrokerLast(t *testing.T) {
	t.Parallel()
	s := set(t, nil, "one: wait", "two: wait")
	s.runReady(t)
	eventually(t, "all can be stopped", func() bool { return strings.Count(s.output.String(), "| can be stopped") == 4 })
	s.stop()
	if err := s.end(t); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, match := range regexp.MustCompile(`(?m)^(\S+) +\| stopped$`).FindAllStringSubmatch(s.output.String(), -1) {
		order = append(order, match[1])
	}
	if got, want := strings.Join(order, " "), "two two/daprd one one/daprd broker"; got != want {
		t.Errorf("stopped in order %q, want %q", got, want)
	}
}

func TestSidecarsAreGivenTheBrokersPortAndNotTheOneInTheFile(t *testing.T) {
	t.Parallel()
	s := set(t, nil, "one: wait")
	s.runReady(t)
	copied, err := os.ReadFile(filepath.Join(s.dir, "data", "run", "0", "events.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(copied), s.stack.BrokerURL()) || strings.Contains(string(copied), "4222") {
		t.Errorf("the component does not point at %s:\n%s", s.stack.BrokerURL(), copied)
	}
	eventually(t, "the sidecar reads the copy", func() bool {
		return strings.Contains(s.output.String(), "--resources-path "+filepath.Join(s.dir, "data", "run", "0"))
	})
}

func TestCrashOfOneAppStopsAllAndNamesAppAndCode(t *testing.T) {
	t.Parallel()
	s := set(t, nil, "steady: wait", "weak: crash")
	s.run(t)
	err := s.end(t)
	var exit *local.AppExitError
	if !errors.As(err, &exit) || exit.App != "weak" || exit.Code != 7 {
		t.Fatalf("Run: %v", err)
	}
	if !strings.Contains(s.output.String(), "weak         | no newline at the end\n") {
		t.Errorf("the partial last line is missing:\n%s", s.output)
	}
	for _, name := range s.stack.Names() {
		if _, runs := s.stack.Process(name); runs {
			t.Errorf("%s still runs", name)
		}
	}
}

func TestRestartPolicyStartsACrashedAppAgain(t *testing.T) {
	t.Parallel()
	s := set(t, func(o *local.Options) { o.OnAppExit = local.Restart }, "weak: crash")
	s.runReady(t)
	eventually(t, "two restarts", func() bool { return s.stack.Restarts("weak") >= 2 })
}

func TestAppsThatAllEndWellEndTheRun(t *testing.T) {
	t.Parallel()
	s := set(t, nil, "one: done", "two: done")
	s.run(t)
	if err := s.end(t); err != nil {
		t.Fatal(err)
	}
}

func TestKilledSidecarAndBrokerComeBackOnTheirPorts(t *testing.T) {
	t.Parallel()
	s := set(t, nil, "one: wait")
	s.runReady(t)
	for name, port := range map[string]string{
		"one/daprd": strconv.Itoa(s.stack.HTTPPort("one")),
		"broker":    strings.TrimPrefix(s.stack.BrokerURL(), "nats://127.0.0.1:"),
	} {
		before := s.pid(t, name)
		if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, name+" again", func() bool {
			pid, ok := s.stack.Process(name)
			return ok && pid != before && answers("127.0.0.1:"+port)
		})
		if s.stack.Restarts(name) != 1 {
			t.Errorf("%s was restarted %d times", name, s.stack.Restarts(name))
		}
	}
	if !strings.Contains(s.output.String(), "the sidecar of one ended (signal: killed): starting it again") {
		t.Errorf("no warning:\n%s", s.output)
	}
}

func answers(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func TestSidecarThatNeverWorksEndsTheRunWithItsOwnReason(t *testing.T) {
	t.Parallel()
	s := set(t, func(o *local.Options) {
		broken := filepath.Join(o.RunFile.Dir(), "bad")
		write(t, filepath.Join(broken, "broken"), "")
		o.RunFile.Apps[1].ResourcesPaths = []string{broken}
	}, "one: wait", "two: wait")
	s.run(t)
	err := s.end(t)
	want := `sidecar of two ended 3 times before it was ready: init error for "events": no such host; mend what it names in ` + filepath.Join(s.dir, "bad")
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), filepath.Join("logs", "two-daprd.log")) {
		t.Errorf("Run: %v\nwant:    %s", err, want)
	}
}

func TestWithBrokersOfTheCallerASidecarIsStartedAgainUntilItsBrokerIsThere(t *testing.T) {
	t.Parallel()
	s := set(t, func(o *local.Options) { o.NoBroker = true }, "one: wait")
	write(t, filepath.Join(s.dir, "res", "broken"), "")
	s.run(t)
	eventually(t, "the sidecar has been started more often than one that is given up", func() bool { return s.stack.Restarts("one/daprd") > 3 })
	if err := os.Remove(filepath.Join(s.dir, "res", "broken")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.stack.Ready():
	case err := <-s.ended:
		t.Fatalf("ended: %v", err)
	case <-time.After(patience):
		t.Fatal("not ready after the broker came")
	}
	if s.stack.BrokerURL() != "" {
		t.Errorf("a broker was started: %v", s.stack.Names())
	}
}

func TestAppThatIgnoresTheSignalIsKilled(t *testing.T) {
	t.Parallel()
	s := set(t, func(o *local.Options) { o.StopGrace = 100 * time.Millisecond }, "one: stubborn")
	s.runReady(t)
	pid := s.pid(t, "one")
	eventually(t, "the app ignores SIGTERM", func() bool { return strings.Contains(s.output.String(), "ignores SIGTERM") })
	s.stop()
	if err := s.end(t); err != nil {
		t.Fatal(err)
	}
	if !gone(pid) || !strings.Contains(s.output.String(), "did not end when asked to: killed") {
		t.Errorf("gone %v\n%s", gone(pid), s.output)
	}
}

func TestStopLimitBoundsAllGracesTogether(t *testing.T) {
	t.Parallel()
	s := set(t, func(o *local.Options) { o.StopGrace = 2 * patience; o.StopLimit = 100 * time.Millisecond }, "one: stubborn", "two: stubborn")
	s.runReady(t)
	eventually(t, "the apps ignore SIGTERM", func() bool { return strings.Count(s.output.String(), "ignores SIGTERM") == 2 })
	s.stop()
	if err := s.end(t); err != nil {
		t.Fatal(err)
	}
}

func TestSecondStackInTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	s := set(t, nil, "one: wait")
	s.runReady(t)
	options, err := stageOptions(s.dir, filepath.Join(s.dir, "daprd"), filepath.Join(s.dir, "broker"), filepath.Join(s.dir, "app"), []string{"one: wait"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := local.New(options)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another stack runs in it") {
		t.Errorf("Run: %v", err)
	}
}

func TestEnvironmentFollowsTheStockOrderOfPrecedence(t *testing.T) {
	t.Setenv("INHERITED", "process")
	t.Setenv("FROM_FILE", "process")
	t.Setenv("APP_PORT", "1")
	s := set(t, func(o *local.Options) {
		o.RunFile.Apps[0].Env = map[string]string{"FROM_FILE": "file", "FOR_ALL": "file", "FOR_ONE": "file"}
		o.Env = map[string]map[string]string{"": {"FOR_ALL": "all", "FOR_ONE": "all"}, "one": {"FOR_ONE": "one"}}
	}, "one: env INHERITED FROM_FILE FOR_ALL FOR_ONE APP_PORT APP_ID DAPR_HTTP_PORT")
	s.runReady(t)
	want := []string{
		"INHERITED=process true", "FROM_FILE=file true", "FOR_ALL=all true", "FOR_ONE=one true",
		"APP_PORT= false", "APP_ID=one true", "DAPR_HTTP_PORT=" + strconv.Itoa(s.stack.HTTPPort("one")) + " true",
	}
	for _, line := range want {
		eventually(t, line, func() bool { return strings.Contains(s.output.String(), "| "+line+"\n") })
	}
}

func TestTakenAppPortIsReplacedAndSaid(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	s := set(t, func(o *local.Options) { o.RunFile.Apps[0].Port = port }, "one: env APP_PORT")
	s.runReady(t)
	if got := s.stack.AppPort("one"); got == port || got == 0 {
		t.Fatalf("app port %d", got)
	}
	said := "up        | port " + strconv.Itoa(port) + " of one is taken: it gets " + strconv.Itoa(s.stack.AppPort("one"))
	if !strings.Contains(s.output.String(), said) {
		t.Errorf("not said: %s\n%s", said, s.output)
	}
	eventually(t, "the sidecar is told", func() bool {
		return strings.Contains(s.output.String(), "--app-port "+strconv.Itoa(s.stack.AppPort("one")))
	})
}

func TestStacksSideBySideAreGivenDifferentPorts(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	var beside []*local.Stack // a stack that nobody has any more gives its ports back
	defer func() { runtime.KeepAlive(beside) }()
	for range 20 {
		beside = append(beside, set(t, nil, "one: wait").stack)
		p := beside[len(beside)-1].Ports("one")
		for _, port := range []int{p.HTTP, p.GRPC, p.InternalGRPC} {
			if port == 0 || seen[port] {
				t.Fatalf("port %d is given twice or is none", port)
			}
			seen[port] = true
		}
	}
}

// Two stacks of one run file want the same app port. While the app of the first is down, nobody listens on it.
func TestAPortStaysWithItsStackWhileItsOwnerStarts(t *testing.T) {
	t.Parallel()
	wanted := 0
	for port := 18000; wanted == 0; port++ {
		if listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			_ = listener.Close()
			wanted = port
		}
	}
	want := func(o *local.Options) { o.RunFile.Apps[0].Port = wanted }
	first := set(t, want, "one: wait")
	first.runReady(t)
	if port := first.stack.AppPort("one"); port != wanted {
		t.Fatalf("the first stack has port %d, want %d", port, wanted)
	}
	if port := set(t, want, "one: wait").stack.AppPort("one"); port == wanted {
		t.Errorf("the second stack was given port %d of the first", port)
	}
}

func TestUnknownAppAndMissingProgramAreFoundBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct {
		want   string
		change func(*local.Options)
	}{
		{"no app twoo", func(o *local.Options) { o.Skip = []string{"twoo"} }},
		{"none is left", func(o *local.Options) { o.Skip = []string{"one"} }},
		{"./bin/missing is not there", func(o *local.Options) { o.RunFile.Apps[0].Command = []string{"./bin/missing"} }},
		{"no run file", func(o *local.Options) { o.RunFile = nil }},
	} {
		options, err := stageOptions(dir, "daprd", "broker", os.Args[0], []string{"one: wait"})
		if err != nil {
			t.Fatal(err)
		}
		test.change(&options)
		if _, err := local.New(options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("want %q, got %v", test.want, err)
		}
	}
}
