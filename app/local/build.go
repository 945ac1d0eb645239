package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const progressEvery = 15 * time.Second

var errNoGo = errors.New("no Go toolchain in PATH")

// build makes bin/<name> from tools/. Two builds at once take turns, and the second finds the work done.
func (t *Toolbox) build(ctx context.Context, wanted tool, binary, stamp string) error {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return errNoGo
	}
	if err := os.MkdirAll(filepath.Dir(binary), 0o750); err != nil {
		return fmt.Errorf("create bin folder: %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(filepath.Dir(binary), "."+wanted.name+".lock"), func() {
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
	// #nosec G204 -- the person's Go toolchain
	cmd := exec.Command(goTool, "build", "-C", filepath.Join(t.Root, "tools"), "-buildvcs=false", "-ldflags", wanted.flags, //nolint:noctx // follow ends it with its whole group
		"-o", draft, "./"+wanted.name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if err := t.follow(ctx, cmd, wanted.name); err != nil {
		return err
	}
	if err := os.Rename(draft, binary); err != nil {
		return fmt.Errorf("place %s: %w", wanted.name, err)
	}
	return writeWhole(stampFile(binary), []byte(stamp+"\n"), 0o600)
}

// follow runs the compiler and says now and then that it still does.
func (t *Toolbox) follow(ctx context.Context, cmd *exec.Cmd, name string) error {
	began := time.Now()
	t.notice("building %s from tools/ (the first build compiles all of its libraries and takes minutes, later starts use bin/%s)", name, name)
	output := newConsole(io.Discard, false, nil).voice(name)
	s := newStarter()
	defer s.close()
	c, err := s.start(cmd, output)
	if err != nil {
		return fmt.Errorf("build %s: %w", name, err)
	}
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.done:
			return t.built(c, output, name, time.Since(began))
		case <-ticker.C:
			t.notice("still building %s: %s so far", name, time.Since(began).Round(time.Second))
		case <-ctx.Done():
			c.stop(time.Second, nil)
			return fmt.Errorf("build %s: %w", name, ctx.Err())
		}
	}
}

func (t *Toolbox) built(c *child, output *voice, name string, took time.Duration) error {
	if c.err == nil {
		t.notice("built %s in %s", name, took.Round(100*time.Millisecond))
		return nil
	}
	lines := output.last()
	for _, line := range lines {
		t.notice("%s", line)
	}
	return fmt.Errorf("build %s: `%s` in tools/: %s", name, "go build ./"+name, c.ending())
}
