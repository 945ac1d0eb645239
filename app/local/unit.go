package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync"
	"time"
)

const (
	firstPause  = 200 * time.Millisecond
	longestWait = 10 * time.Second
	steadyAfter = 30 * time.Second // a process that lived this long begins its back-off anew
)

// unit keeps one process of the stack running: broker, sidecar or app.
type unit struct {
	name    string
	command func() *exec.Cmd // a new one for each start
	voice   *voice
	starter *starter
	// ended decides after each ending that nobody asked for: again = start it once more after a pause. The error of a
	// start that did not succeed comes with c nil.
	ended func(c *child, err error) (again bool)

	grace time.Duration
	hurry <-chan struct{}

	cancel  context.CancelFunc
	done    chan struct{}
	began   chan struct{} // closed at the first start
	once    sync.Once
	mu      sync.Mutex
	pid     int // 0 = not running
	started int
}

// start begins to keep the process running until stop. It does not wait for the process.
func (u *unit) start(ctx context.Context) {
	ctx, u.cancel = context.WithCancel(context.WithoutCancel(ctx)) // stopped in order, not when the run's ctx ends
	go func() {
		defer close(u.done)
		u.run(ctx)
	}()
}

func (u *unit) run(ctx context.Context) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		c, err := u.starter.start(u.command(), u.voice)
		if err == nil {
			u.note(c.cmd.Process.Pid)
			stopped := u.follow(ctx, c)
			u.note(0)
			if stopped {
				return
			}
			if c.lived() >= steadyAfter {
				attempt = 0
			}
		}
		if !u.ended(c, err) || !rest(ctx, attempt) {
			return
		}
	}
}

// follow waits for the process to end; stopped says that it was made to.
func (u *unit) follow(ctx context.Context, c *child) (stopped bool) {
	select {
	case <-c.done:
		return false
	case <-ctx.Done():
	}
	if c.stop(u.grace, u.hurry) {
		u.voice.say(fmt.Appendf(nil, "did not end when asked to: killed"))
	}
	return true
}

// stop ends the process and returns when it has ended. A unit that was never started is none of its business.
func (u *unit) stop() {
	if u.cancel == nil {
		return
	}
	u.cancel()
	<-u.done
}

func (u *unit) note(pid int) {
	u.mu.Lock()
	u.pid = pid
	if pid > 0 {
		u.started++
	}
	u.mu.Unlock()
	if pid > 0 {
		u.once.Do(func() { close(u.began) })
	}
}

// process is the pid while the process runs.
func (u *unit) process() (int, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.pid, u.pid > 0
}

func (u *unit) restarts() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return max(u.started-1, 0)
}

// rest is the back-off before another start: doubling with jitter, capped. False when ctx ended meanwhile.
func rest(ctx context.Context, attempt int) bool {
	pause := min(firstPause<<min(attempt, 10), longestWait)
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
