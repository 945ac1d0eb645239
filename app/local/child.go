package local

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// pipeWait is how long the output of an ended process is read on when something that it started still holds it open.
const pipeWait = 2 * time.Second

// starter starts processes from one thread that lives until close. Linux sends a child its death signal when the
// THREAD that made it ends, and Go ends and moves threads as it likes: a child started from any other goroutine could be killed
// in the middle of the run.
type starter struct {
	jobs chan func()
	once sync.Once
}

func newStarter() *starter {
	s := &starter{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

// close ends the thread; every child that still runs is killed with it.
func (s *starter) close() { s.once.Do(func() { close(s.jobs) }) }

// child is one running process and all that it starts.
type child struct {
	cmd   *exec.Cmd
	began time.Time
	done  chan struct{} // closed when it has ended and its output is read
	err   error         // of Wait; valid once done is closed
}

// start runs cmd in a process group of its own, its output going to v. The caller waits for done.
func (s *starter) start(cmd *exec.Cmd, v *voice) (*child, error) {
	out, complaints := &lineWriter{voice: v}, &lineWriter{voice: v}
	cmd.Stdout, cmd.Stderr = out, complaints
	cmd.WaitDelay = pipeWait
	setAttributes(cmd)

	c := &child{cmd: cmd, began: time.Now(), done: make(chan struct{})}
	started := make(chan error)
	s.jobs <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go func() {
		defer close(c.done)
		c.err = cmd.Wait()
		if errors.Is(c.err, exec.ErrWaitDelay) {
			c.err = nil // it ended well, what it left behind holds the pipe
		}
		killGroup(cmd)
		out.flush()
		complaints.flush()
	}()
	return c, nil
}

// stop asks the group to end, and kills it after grace or as soon as hurry is closed. It returns when it has ended;
// forced says that it had to be killed.
func (c *child) stop(grace time.Duration, hurry <-chan struct{}) (forced bool) {
	terminateGroup(c.cmd)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
		return false
	case <-timer.C:
	case <-hurry:
	}
	killGroup(c.cmd)
	<-c.done
	return true
}

// lived is how long the process has run. Valid once done is closed.
func (c *child) lived() time.Duration { return time.Since(c.began) }

// code is the exit code, -1 when a signal ended the process.
func (c *child) code() int { return c.cmd.ProcessState.ExitCode() }

// ending says how the process ended, for people.
func (c *child) ending() string {
	if code := c.code(); code >= 0 {
		return fmt.Sprintf("exit code %d", code)
	}
	return c.cmd.ProcessState.String()
}
