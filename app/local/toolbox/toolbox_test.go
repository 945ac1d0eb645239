package toolbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/local/toolbox"
)

// workshop is a machine with a fake Go and a source tree, and nothing else in PATH.
type workshop struct {
	root, path, home, log string
	output                *notices
	box                   *toolbox.Toolbox
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{root: t.TempDir(), path: t.TempDir(), home: t.TempDir(), output: &notices{}}
	w.log = filepath.Join(w.path, "log")
	t.Setenv("PATH", w.path)
	t.Setenv("HOME", w.home)
	t.Setenv("VCRELAY_DAPRD", "")
	t.Setenv("VCRELAY_BROKER", "")
	t.Setenv("FAKE_GO_LOG", w.log)
	t.Setenv("FAKE_GO_FAILS", "")
	t.Setenv("FAKE_DAPRD_VERSION", "v1.18.3")
	write(t, filepath.Join(w.root, "tools", "go.mod"), "module x\n")
	write(t, filepath.Join(w.root, "tools", "go.sum"), "")
	write(t, filepath.Join(w.root, "tools", "daprd", "main.go"), "package main\n")
	w.box = &toolbox.Toolbox{Root: w.root, Notice: w.output.add}
	return w
}

func (w *workshop) builds() int {
	content, _ := os.ReadFile(w.log)
	return strings.Count(string(content), "\n")
}

func (w *workshop) daprd(t *testing.T, want string) {
	t.Helper()
	if got, err := w.box.Daprd(t.Context()); err != nil || got != want {
		t.Fatalf("daprd %q, %v; want %q", got, err, want)
	}
}

func TestSidecarIsTakenFromTheFirstPlaceThatFits(t *testing.T) {
	w := newWorkshop(t)
	given, inPath := fake(t, t.TempDir(), "daprd"), fake(t, w.path, "daprd")
	write(t, filepath.Join(w.home, ".dapr", "bin", "x"), "")
	inHome := fake(t, filepath.Join(w.home, ".dapr", "bin"), "daprd")
	t.Setenv("VCRELAY_DAPRD", given)
	w.daprd(t, given)
	t.Setenv("VCRELAY_DAPRD", "")
	w.daprd(t, inPath)
	if err := os.Remove(inPath); err != nil {
		t.Fatal(err)
	}
	w.daprd(t, inHome)
	if w.builds() != 0 {
		t.Error("something was built")
	}
	fake(t, w.path, "go")
	t.Setenv("VCRELAY_DAPRD", "own")
	w.daprd(t, filepath.Join(w.root, "bin", "daprd"))
}

func TestSidecarOfAnotherVersionIsSkippedAndOneIsBuilt(t *testing.T) {
	w := newWorkshop(t)
	fake(t, w.path, "daprd")
	fake(t, w.path, "go")
	t.Setenv("FAKE_DAPRD_VERSION", "1.17.9")
	w.daprd(t, filepath.Join(w.root, "bin", "daprd"))
	if want := filepath.Join(w.path, "daprd") + " is not used: version is 1.17.9, not 1.18.x"; !strings.Contains(w.output.String(), want) {
		t.Errorf("%s is not said: %s", want, w.output)
	}
	command, _ := os.ReadFile(w.log)
	if !strings.Contains(string(command), "-X github.com/dapr/dapr/pkg/buildinfo.version=1.18.0") || !strings.HasSuffix(string(command), "./daprd 0\n") {
		t.Errorf("built with: %s", command)
	}
}

func TestGivenSidecarOfAnotherVersionIsAnError(t *testing.T) {
	w := newWorkshop(t)
	t.Setenv("VCRELAY_DAPRD", fake(t, t.TempDir(), "daprd"))
	t.Setenv("FAKE_DAPRD_VERSION", "1.17.9")
	if _, err := w.box.Daprd(t.Context()); err == nil || !strings.Contains(err.Error(), "version is 1.17.9, not 1.18.x") {
		t.Error(err)
	}
}

func TestToolIsBuiltOnceAndAnewWhenItsSourceChanges(t *testing.T) {
	w := newWorkshop(t)
	fake(t, w.path, "go")
	binary := filepath.Join(w.root, "bin", "daprd")
	w.daprd(t, binary)
	w.daprd(t, binary)
	if w.builds() != 1 {
		t.Fatalf("%d builds", w.builds())
	}
	for i, change := range []func(){
		func() { write(t, filepath.Join(w.root, "tools", "daprd", "main.go"), "package main // new\n") },
		func() { write(t, filepath.Join(w.root, "tools", "go.sum"), "new\n") },
		func() { write(t, filepath.Join(w.root, "tools", "daprd", "more.go"), "package main\n") },
		func() { _ = os.Remove(binary) },
	} {
		change()
		w.daprd(t, binary)
		if w.builds() != i+2 {
			t.Errorf("change %d: %d builds", i, w.builds())
		}
	}
	left, _ := filepath.Glob(filepath.Join(w.root, "bin", "*.new"))
	if len(left) != 0 {
		t.Errorf("drafts left: %v", left)
	}
}

func TestTwoBuildsAtOnceAreOne(t *testing.T) {
	w := newWorkshop(t)
	fake(t, w.path, "go")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { w.daprd(t, filepath.Join(w.root, "bin", "daprd")) })
	}
	wait.Wait()
	if w.builds() != 1 {
		t.Errorf("%d builds", w.builds())
	}
}

func TestWaitingForAnotherBuildIsSaidAndEndsWithTheContext(t *testing.T) {
	w := newWorkshop(t)
	fake(t, w.path, "go")
	write(t, filepath.Join(w.root, "bin", ".daprd.lock"), "")
	held, err := os.OpenFile(filepath.Join(w.root, "bin", ".daprd.lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.box.Daprd(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if !strings.Contains(w.output.String(), "another build of daprd is running") {
		t.Errorf("said: %s", w.output)
	}
}

func TestFailedBuildShowsTheCompilersWordsAndLeavesNoStamp(t *testing.T) {
	w := newWorkshop(t)
	fake(t, w.path, "go")
	t.Setenv("FAKE_GO_FAILS", "yes")
	if _, err := w.box.Daprd(t.Context()); err == nil || !strings.Contains(err.Error(), "build daprd: ") {
		t.Error(err)
	}
	if !strings.Contains(w.output.String(), "does not compile") {
		t.Errorf("said: %s", w.output)
	}
	t.Setenv("FAKE_GO_FAILS", "")
	w.daprd(t, filepath.Join(w.root, "bin", "daprd"))
}

func TestWithoutGoABuiltBinaryStillServes(t *testing.T) {
	w := newWorkshop(t)
	write(t, filepath.Join(w.root, "bin", "x"), "")
	w.daprd(t, fake(t, filepath.Join(w.root, "bin"), "daprd"))
}

func TestWithoutGoAndBinaryTheErrorSaysWhatToInstallOrSet(t *testing.T) {
	w := newWorkshop(t)
	for _, remove := range []string{"", filepath.Join(w.root, "tools")} {
		if remove != "" {
			_ = os.RemoveAll(remove)
		}
		_, err := w.box.Daprd(t.Context())
		for _, remedy := range []string{"https://go.dev/dl", "VCRELAY_DAPRD", "dapr init"} {
			if err == nil || !strings.Contains(err.Error(), remedy) {
				t.Errorf("%q is not in: %v", remedy, err)
			}
		}
	}
}
