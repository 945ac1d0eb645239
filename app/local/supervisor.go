package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/local/process"
)

// Back-off between two starts of a process.
const (
	firstBackoff   = 200 * time.Millisecond
	longestBackoff = 10 * time.Second
	steadyAfter    = 30 * time.Second // a process that lived this long begins its back-off anew
)

// exitPolicy decides after each exit that nobody asked for: again = start the process once more, after a back-off. The
// error of a start that did not succeed comes with p nil.
type exitPolicy func(p *process.Process, err error) (again bool)

// supervisor keeps one process of the stack running: broker, sidecar or app.
type supervisor struct {
	name    string
	command func() *exec.Cmd // a new one for each start
	log     *processLog
	exited  exitPolicy
	limit   startLimit
	grace   time.Duration // how long the process may take to end

	cancel context.CancelFunc
	ended  chan struct{}
	began  chan struct{} // closed at the first start

	mu      sync.Mutex
	current *process.Process // nil = not running
	starts  int
}

func newSupervisor(name string, command func() *exec.Cmd, log *processLog, exited exitPolicy, grace time.Duration) *supervisor {
	return &supervisor{
		name: name, command: command, log: log, exited: exited, grace: grace,
		ended: make(chan struct{}), began: make(chan struct{}),
	}
}

// start begins to keep the process running until stop. It does not wait for the process. Once forced ends, a process
// that is stopped is killed without grace.
func (u *supervisor) start(forced context.Context) {
	ctx, cancel := context.WithCancel(forced)
	u.cancel = cancel
	go func() {
		defer close(u.ended)
		u.run(ctx, forced)
	}()
}

// stop ends the process and returns when it has ended. What was never started is none of its business.
func (u *supervisor) stop() {
	if u.cancel == nil {
		return
	}
	u.cancel()
	<-u.ended
}

func (u *supervisor) run(ctx, forced context.Context) {
	for attempt := 0; ; attempt++ {
		p, stopped, err := u.runOnce(ctx, forced)
		if stopped {
			return
		}
		if err == nil && p.Age() >= steadyAfter {
			attempt = 0
		}
		if !u.exited(p, err) || !backOff(ctx, attempt) {
			return
		}
	}
}

// runOnce starts the process and waits for its end; stopped says that it was made to.
func (u *supervisor) runOnce(ctx, forced context.Context) (p *process.Process, stopped bool, err error) {
	cmd := u.command()
	out, complaints := &lineWriter{log: u.log}, &lineWriter{log: u.log}
	cmd.Stdout, cmd.Stderr = out, complaints
	if p, err = process.Start(cmd); err != nil {
		return nil, false, err
	}
	u.note(p)
	defer u.note(nil)
	select {
	case <-p.Done():
	case <-ctx.Done():
		stopped = true
		if p.Stop(forced, u.grace) {
			u.log.say(fmt.Appendf(nil, "did not end when asked to: killed"))
		}
	}
	out.flush()
	complaints.flush()
	return p, stopped, nil
}

func (u *supervisor) note(p *process.Process) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.current = p
	if p == nil {
		return
	}
	if u.starts++; u.starts == 1 {
		close(u.began)
	}
}

// status is the pid, 0 when the process does not run, and how often it was started again.
func (u *supervisor) status() (pid, restarts int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.current != nil {
		pid = u.current.PID()
	}
	return pid, max(u.starts-1, 0)
}

// backOff waits before another start: doubling with jitter, capped. False when ctx ended meanwhile.
func backOff(ctx context.Context, attempt int) bool {
	pause := min(firstBackoff<<min(attempt, 10), longestBackoff)
	pause = pause*4/5 + rand.N(pause*2/5) // #nosec G404 -- jitter
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
