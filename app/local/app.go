package local

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/vcrelay/vcrelay/app/local/process"
	"github.com/vcrelay/vcrelay/app/local/runfile"
)

// settleTime is how long the start of an app waits for the sidecar of the one before.
const settleTime = time.Second

// app is one app of the run file with its sidecar.
type app struct {
	entry     runfile.App // its resources are replaced by those that point at the broker
	resources []string    // as the file has them, for people
	ports     Ports
	sidecar   *supervisor
	process   *supervisor // nil for an entry without a command
	healthy   chan struct{}
}

func (s *Stack) startApp(ctx, forced context.Context, a *app) {
	if wanted := a.entry.Port; wanted > 0 && wanted != a.ports.App {
		s.notice("port %d of %s is taken: it gets %d (in APP_PORT)", wanted, a.entry.ID, a.ports.App)
	}
	s.ports.release(a.ports.all()...)
	a.sidecar.start(forced)
	s.watchers.Go(func() { s.watchSidecar(ctx, a) })
	if a.process != nil {
		a.process.start(forced)
	}
}

// letSettle gives a sidecar a moment before the next one begins: two that create the same SQLite file at once find it
// locked, and one of them ends. A slow one holds nobody up for long.
func (s *Stack) letSettle(ctx context.Context, a *app) {
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	select {
	case <-a.healthy:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// listens tells whether the app takes calls from its sidecar, and so may subscribe to something.
func (a *app) listens() bool { return a.ports.App > 0 && a.process != nil }

// awaitSubscriptions waits until the sidecars of these apps have subscribed, which is when they call themselves healthy.
// RabbitMQ and MQTT forget what is published before.
func (s *Stack) awaitSubscriptions(ctx context.Context, apps []*app) error {
	for _, a := range apps {
		ask := func() error { return sidecarHealth(ctx, a.entry.APIListenAddresses, a.ports.HTTP, "healthz") }
		subscribed := make(chan struct{})
		s.watchers.Go(func() {
			s.watch(ctx, a.process.ended, "the subscriptions of "+a.entry.ID, ask, func() { close(subscribed) })
		})
		select {
		case <-subscribed:
		case <-a.process.ended:
		case err := <-s.fatal:
			return err
		case <-ctx.Done():
			return fmt.Errorf("wait for the subscriptions of %s: %w", a.entry.ID, ctx.Err())
		}
	}
	return nil
}

func (s *Stack) appCommand(a *app) *exec.Cmd {
	cmd := exec.Command(a.entry.Command[0], a.entry.Command[1:]...) //nolint:gosec,noctx // the person's run file; its supervisor ends it
	cmd.Dir = a.entry.Dir
	cmd.Env = s.appEnvironment(a)
	return cmd
}

// appExited decides what the end of an app means.
func (s *Stack) appExited(a *app, p *process.Process, err error) (again bool) {
	switch {
	case s.stopping.Load():
		return false
	case err != nil:
		s.fail(fmt.Errorf("app %s: %w; see `command` at line %d of %s", a.entry.ID, err, a.entry.Line, s.options.RunFile.Path))
		return false
	case s.options.OnAppExit == Restart:
		s.notice("%s ended (%s): starting it again", a.entry.ID, p.Exit())
		return true
	case p.Err() == nil:
		s.notice("%s is done", a.entry.ID)
		s.done <- struct{}{}
		return false
	}
	s.fail(&AppExitError{App: a.entry.ID, Code: p.ExitCode(), How: p.Exit()})
	return false
}
