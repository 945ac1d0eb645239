// Package process runs a program in a process group of its own, so that Ctrl-C reaches only us and what the program
// starts can be ended with it. On Linux the program also ends when we are killed.
package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// pipeWait is how long the output of an ended process is read on when something that it started still holds it open.
const pipeWait = 2 * time.Second

// Process is one running program and all that it starts.
type Process struct {
	cmd   *exec.Cmd
	began time.Time
	done  chan struct{}
	err   error // of Wait; valid once done is closed
}

// Start starts cmd. The caller has set its output, and waits for Done.
func Start(cmd *exec.Cmd) (*Process, error) {
	cmd.WaitDelay = pipeWait
	setAttributes(cmd)
	p := &Process{cmd: cmd, began: time.Now(), done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends a child its death signal when the THREAD that made it ends, and Go ends and moves threads as it
		// likes: this one stays as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

func (p *Process) wait() {
	defer close(p.done)
	p.err = p.cmd.Wait()
	if errors.Is(p.err, exec.ErrWaitDelay) {
		p.err = nil // it ended well, what it left behind holds the pipe
	}
	killGroup(p.cmd)
}

// Done is closed when the process has ended and its output is read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop asks the group to end, and kills it after grace or as soon as ctx ends. It returns when the process has ended;
// killed says that it had to be.
func (p *Process) Stop(ctx context.Context, grace time.Duration) (killed bool) {
	terminateGroup(p.cmd)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return false
	case <-timer.C:
	case <-ctx.Done():
	}
	killGroup(p.cmd)
	<-p.done
	return true
}

// Kill ends the group at once, and returns when the process has ended.
func (p *Process) Kill() {
	killGroup(p.cmd)
	<-p.done
}

// PID is the process's id, and that of its group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Age is the time since the start.
func (p *Process) Age() time.Duration { return time.Since(p.began) }

// Err is nil for exit code 0. It is valid once Done is closed, and so are all below.
func (p *Process) Err() error { return p.err }

// ExitCode is -1 when a signal ended the process.
func (p *Process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Exit says how the process ended, for people.
func (p *Process) Exit() string {
	if code := p.ExitCode(); code >= 0 {
		return fmt.Sprintf("exit code %d", code)
	}
	return p.cmd.ProcessState.String()
}
