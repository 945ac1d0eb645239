package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/vcrelay/vcrelay/app/local/lockfile"
	"github.com/vcrelay/vcrelay/app/local/toolbox"
)

// Run finds or builds the tools, starts the brokers, the sidecars and the apps, and blocks. It returns nil when ctx
// ended or all apps are done, else why it could not go on. Everything it started has ended when it returns, which after
// ctx ended takes at most Options.StopLimit.
func (s *Stack) Run(ctx context.Context) error {
	if !s.ran.CompareAndSwap(false, true) {
		return errors.New("run stack: it has run already, make a new one")
	}
	defer s.ports.releaseAll()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := s.runLocked(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // asked to end, at whatever point
	}
	cancel()
	s.watchers.Wait()
	return err
}

// runLocked runs the stack while the data folder is ours alone.
func (s *Stack) runLocked(ctx context.Context) error {
	unlock, free, err := lockfile.Try(filepath.Join(s.options.Dir, "lock"))
	if err != nil {
		return err
	}
	if !free { // two brokers on one store would damage it
		return fmt.Errorf("use data folder %s: another stack runs in it: stop that one, or choose another folder", s.options.Dir)
	}
	defer unlock()
	forced, force := context.WithCancel(context.WithoutCancel(ctx))
	defer force()
	defer s.down(force)
	if err := s.up(ctx, forced); err != nil {
		return err
	}
	return s.wait(ctx)
}

// up starts everything. It waits for the brokers and the component, which the sidecars need at their start, and for subscriptions, which some
// brokers forget events without. Once forced ends, no process that is to stop is waited for.
func (s *Stack) up(ctx, forced context.Context) error {
	if err := s.findTools(ctx); err != nil {
		return err
	}
	if err := s.prepare(); err != nil {
		return err
	}
	for _, text := range s.found {
		s.notice("%s", text)
	}
	for _, b := range s.brokers {
		s.ports.release(b.port)
		b.start(forced)
	}
	for _, b := range s.brokers {
		if err := s.awaitBroker(ctx, b); err != nil {
			return err
		}
	}
	if err := s.startComponent(ctx, forced); err != nil {
		return err
	}
	for i, a := range s.apps {
		if i > 0 && s.apps[i-1].listens() && !a.listens() {
			if err := s.awaitSubscriptions(ctx, s.apps[:i]); err != nil {
				return err
			}
		}
		s.startApp(ctx, forced, a)
		s.letSettle(ctx, a)
	}
	s.watchers.Go(func() { s.announceReady(ctx) })
	return nil
}

func (s *Stack) findTools(ctx context.Context) (err error) {
	tools := toolbox.Toolbox{Root: s.options.Root, Notice: s.notice}
	if s.daprd = s.options.Daprd; s.daprd == "" {
		if s.daprd, err = tools.Daprd(ctx); err != nil {
			return err
		}
	}
	for _, b := range s.brokers {
		switch {
		case b.backend != jetstream:
			b.program, err = s.findScript(ctx, b.backend)
		case s.options.Broker != "":
			b.program = s.options.Broker
		default:
			b.program, err = tools.Broker(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// prepare writes what the processes read: folders, log files, resources that point at the brokers.
func (s *Stack) prepare() error {
	generated := filepath.Join(s.options.Dir, "run")
	if err := os.RemoveAll(generated); err != nil {
		return fmt.Errorf("clear generated resources: %w", err)
	}
	folders := []string{generated, filepath.Join(s.options.Dir, "logs")}
	for _, b := range s.brokers {
		folders = append(folders, b.store)
	}
	for _, dir := range folders {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("create data folder: %w", err)
		}
	}
	for _, one := range s.supervisors() {
		if err := one.log.open(); err != nil {
			return err
		}
	}
	if err := s.prepareComponent(); err != nil {
		return err
	}
	return s.pointResources(generated)
}

// wait blocks until ctx ends, something cannot go on, or every app is done.
func (s *Stack) wait(ctx context.Context) error {
	left := 0
	for _, a := range s.apps {
		if a.process != nil {
			left++
		}
	}
	for sidecarsOnly := left == 0; sidecarsOnly || left > 0; {
		select {
		case <-ctx.Done():
			return nil
		case err := <-s.fatal:
			return err
		case <-s.done:
			left--
		}
	}
	s.notice("all apps are done")
	return nil
}

// announceReady closes ready when all sidecars have been healthy and all apps started.
func (s *Stack) announceReady(ctx context.Context) {
	for _, a := range s.apps {
		waits := []<-chan struct{}{a.healthy}
		if a.process != nil {
			waits = append(waits, a.process.began)
		}
		for _, wait := range waits {
			select {
			case <-wait:
			case <-ctx.Done():
				return
			}
		}
	}
	close(s.ready)
}

// down stops everything that was started: each app before its sidecar, the last first, then the component, and the brokers at the end.
func (s *Stack) down(force func()) {
	s.stopping.Store(true)
	limit := time.AfterFunc(s.options.StopLimit, force)
	defer limit.Stop()
	for _, a := range slices.Backward(s.apps) {
		if a.process != nil {
			a.process.stop()
		}
		a.sidecar.stop()
	}
	s.stopComponent()
	for _, b := range slices.Backward(s.brokers) {
		b.stop()
	}
	for _, one := range s.supervisors() {
		one.log.close()
	}
}
