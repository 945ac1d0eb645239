package toolbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/vcrelay/vcrelay/app/local/lockfile"
	"github.com/vcrelay/vcrelay/app/local/process"
)

const progressEvery = 15 * time.Second

var errNoGo = errors.New("no Go toolchain in PATH")

// build makes bin/<name> from tools/, unless it is there and up to date. Two builds at once take turns, and the second finds the work done.
func (t *Toolbox) build(ctx context.Context, wanted tool, binary, stamp string) error {
	if isFresh(binary, stamp) {
		return nil
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		return errNoGo
	}
	if err := os.MkdirAll(filepath.Dir(binary), 0o750); err != nil {
		return fmt.Errorf("create bin folder: %w", err)
	}
	unlock, err := lockfile.Wait(ctx, filepath.Join(filepath.Dir(binary), "."+wanted.name+".lock"), func() {
		t.notice("another build of %s is running: waiting for it", wanted.name)
	})
	if err != nil {
		return err
	}
	defer unlock()
	if isFresh(binary, stamp) {
		return nil
	}
	return t.compile(ctx, goTool, wanted, binary, stamp)
}

func (t *Toolbox) compile(ctx context.Context, goTool string, wanted tool, binary, stamp string) error {
	draft := fmt.Sprintf("%s.%d.new", binary, os.Getpid())
	defer os.Remove(draft) //nolint:errcheck // gone after the rename
	t.notice("building %s from tools/ (the first build compiles all of its libraries and takes minutes, later starts use bin/%s)", wanted.name, wanted.name)
	overlay, err := t.overlay(ctx, goTool, wanted)
	if err != nil {
		return fmt.Errorf("build %s: %w", wanted.name, err)
	}
	defer overlay.remove()
	arguments := append([]string{"build", "-C", filepath.Join(t.Root, "tools"), "-buildvcs=false", "-ldflags", wanted.flags + overlay.flags()}, overlay.arguments()...)
	// #nosec G204 -- the person's Go toolchain
	cmd := exec.Command(goTool, append(arguments, "-o", draft, "./"+wanted.folder)...) //nolint:noctx // follow ends it with its whole group
	cmd.Env = goEnvironment()
	if err := t.follow(ctx, cmd, wanted.name); err != nil {
		return err
	}
	if err := os.Rename(draft, binary); err != nil {
		return fmt.Errorf("place %s: %w", wanted.name, err)
	}
	if err := os.WriteFile(stampFile(binary), []byte(stamp+"\n"), 0o600); err != nil {
		return fmt.Errorf("note what %s is built from: %w", wanted.name, err)
	}
	return nil
}

func goEnvironment() []string { return append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off") }

// follow runs the compiler and says now and then that it still does.
func (t *Toolbox) follow(ctx context.Context, cmd *exec.Cmd, name string) error {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	compiler, err := process.Start(cmd)
	if err != nil {
		return fmt.Errorf("build %s: %w", name, err)
	}
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-compiler.Done():
			return t.built(compiler, output.String(), name)
		case <-ticker.C:
			t.notice("still building %s: %s so far", name, compiler.Age().Round(time.Second))
		case <-ctx.Done():
			compiler.Stop(context.WithoutCancel(ctx), time.Second)
			return fmt.Errorf("build %s: %w", name, ctx.Err())
		}
	}
}

func (t *Toolbox) built(compiler *process.Process, output, name string) error {
	if compiler.Err() == nil {
		t.notice("built %s in %s", name, compiler.Age().Round(100*time.Millisecond))
		return nil
	}
	for line := range strings.Lines(output) {
		t.notice("%s", strings.TrimRight(line, "\r\n"))
	}
	return fmt.Errorf("build %s: `go build ./%s` in tools/: %s", name, name, compiler.Exit())
}
