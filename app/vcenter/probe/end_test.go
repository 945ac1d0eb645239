package probe_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25"

	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/probe"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

func TestAProbeOnlyReadsHoldsAtMostThreeCollectorsAndLeavesNothingBehind(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 3000, Version: "9.0.0", Rate: 50})
	w := between(t, server)
	measure(t, w.dial(t), probe.Options{Watch: time.Second / 5, Pages: 2}.Hasty())
	nothingLeft(t, server)
	if len(w.open) != 0 || w.mostOpen == 0 || w.mostOpen > 3 {
		t.Errorf("%d collectors are not destroyed, %d were open at once", len(w.open), w.mostOpen)
	}
	reading := []string{
		"GET", "RetrieveServiceContent", "Login", "Logout", "CurrentTime", "RetrieveProperties", "QueryOptions",
		"CreateCollectorForEvents", "ReadNextEvents", "DestroyCollector", "QueryEvents",
	}
	for _, method := range w.methods {
		if !slices.Contains(reading, method) {
			t.Errorf("%s was called", method)
		}
	}
	for _, method := range reading {
		if !slices.Contains(w.methods, method) {
			t.Errorf("%s was not called: nothing was tested", method)
		}
	}
}

func TestAProbeThatIsInterruptedKeepsWhatThereIsAndLeavesNothingBehind(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 3000})
	whole := between(t, server)
	measure(t, whole.dial(t), probe.Options{Pages: 2})
	calls := len(whole.methods)
	for call := 1; call < calls; call += 1 + calls/12 {
		w := between(t, server)
		ctx, interrupt := context.WithCancel(t.Context())
		w.before = func(n int, _ string) {
			if n == call {
				interrupt()
			}
		}
		result, err := probe.Run(ctx, w.dial(t), probe.Options{Pages: 2})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("call %d of %d: %v", call, calls, err)
		}
		w.Close() // waits for the calls under way
		nothingLeft(t, server)
		during := w.methods[call-1]
		if len(w.open) > 0 && during != "CreateCollectorForEvents" { // its answer came too late
			t.Errorf("call %d, %s: %d collectors were left to the logout", call, during, len(w.open))
		}
		if last := w.methods[len(w.methods)-1]; slices.Contains(w.methods, "Login") && last != "Logout" {
			t.Errorf("call %d, %s: the last one is %s", call, during, last)
		}
		if result == nil {
			if call > 6 {
				t.Errorf("call %d, %s: there is no result", call, during)
			}
			continue
		}
		report := incomplete(t, result)
		if call > calls*2/3 && (report.Speed == nil || report.Order == nil) || call > calls-6 && report.BeginTime == nil {
			t.Errorf("call %d of %d, %s: what was measured is not there: %+v", call, calls, during, report)
		}
	}
}

// incomplete is the report in a file that has to say that it is incomplete.
func incomplete(t *testing.T, result *probe.Result) probe.Report {
	t.Helper()
	var report probe.Report
	entries := saved(t, result)
	if err := json.Unmarshal(entries["report.json"], &report); err != nil || report.Complete || report.Ended != "interrupted" {
		t.Errorf("%v %s", err, entries["report.json"])
	}
	for _, entry := range []string{"README.txt", "summary.txt", "standard output"} {
		if !strings.Contains(string(entries[entry]), "INCOMPLETE") {
			t.Errorf("%s does not say so: %s", entry, entries[entry])
		}
	}
	return report
}

func TestAProbeThatIsInterruptedWhileItFollowsKeepsWhatItHasSeen(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 100})
	w := between(t, server)
	ctx, interrupt := context.WithCancel(t.Context())
	during(w, interrupt)
	result, err := probe.Run(ctx, w.dial(t), probe.Options{Watch: time.Hour}.Hasty())
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.Close()
	nothingLeft(t, server)
	if report := incomplete(t, result); report.Watch == nil {
		t.Errorf("%+v", report)
	}
}

func TestALoginWhoseAnswerIsUnderWayIsLoggedOutAgain(t *testing.T) {
	server := simulate(t, vcsim.Config{})
	w := between(t, server)
	ctx, interrupt := context.WithCancel(t.Context())
	w.before = func(_ int, method string) {
		if method == "Login" {
			interrupt()
		}
	}
	if result, err := probe.Run(ctx, w.dial(t), probe.Options{}); result != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v %v", result, err)
	}
	w.Close()
	nothingLeft(t, server)
	if last := w.methods[len(w.methods)-1]; last != "Logout" {
		t.Errorf("the last call is %s", last)
	}
}

func TestALoginThatIsInterruptedLeavesNoSessionBehind(t *testing.T) {
	server := simulate(t, vcsim.Config{})
	ctx, interrupt := context.WithCancel(t.Context())
	dial := direct(server)
	result, err := probe.Run(ctx, func(ctx context.Context) (*vim25.Client, error) {
		interrupt()
		return dial(ctx)
	}, probe.Options{})
	if result != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v %v", result, err)
	}
	nothingLeft(t, server)
}

func TestALoginThatIsNotAnsweredIsGivenUp(t *testing.T) {
	hang := func(ctx context.Context) (*vim25.Client, error) { <-ctx.Done(); return nil, ctx.Err() }
	if result, err := probe.Run(t.Context(), hang, probe.Options{ConnectTimeout: 10 * time.Millisecond}); result != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v %v", result, err)
	}
}

func TestAConnectionThatIsLostEndsTheProbeWithWhatThereIs(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 300})
	w := between(t, server)
	w.before = func(_ int, method string) {
		if method == "ReadNextEvents" {
			panic(http.ErrAbortHandler)
		}
	}
	result, err := probe.Run(t.Context(), w.dial(t), probe.Options{})
	if !errors.Is(err, probe.ErrLost) || result == nil || result.Report.Complete || result.Report.Ended != "connection lost" || result.Report.Clock == nil {
		t.Errorf("%v %+v", err, result)
	}
	nothingLeft(t, server)
}

func TestASessionThatSomebodyEndsEndsTheProbe(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 300})
	w := between(t, server)
	w.before = func(_ int, method string) {
		if method == "ReadNextEvents" {
			server.TerminateSessions()
		}
	}
	result, err := probe.Run(t.Context(), w.dial(t), probe.Options{})
	if !errors.Is(err, vcenter.ErrSessionEnded) || result == nil || result.Report.Ended != "session ended by vCenter" {
		t.Errorf("%v %+v", err, result)
	}
}

func TestAnAccountThatMayNotReadEventsIsToldSo(t *testing.T) {
	server := simulate(t, vcsim.Config{History: 300})
	fault(t, server, "kind=fault,method=CreateCollectorForEvents,type=NoPermission")
	result, err := probe.Run(t.Context(), direct(server), probe.Options{})
	if !errors.Is(err, vim.ErrCredentials) || result == nil || !result.Report.Complete {
		t.Fatalf("%v %+v", err, result)
	}
	if got := summary(t, result); !strings.Contains(got, "history: NoPermission") || !strings.Contains(got, "clock") {
		t.Errorf("%s", got)
	}
}

func TestAFileThatExistsIsNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.zip")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if file, err := probe.CreateFile(path); !errors.Is(err, probe.ErrExists) || file != nil {
		t.Errorf("%v", err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "precious" {
		t.Errorf("%q %v", content, err)
	}
}

func TestAFileThatIsDiscardedIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.zip")
	file, err := probe.CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file.Discard()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
