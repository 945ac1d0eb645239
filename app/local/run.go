package local

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Run finds or builds the tools, starts the broker, the sidecars and the apps, and blocks. It returns nil when ctx
// ended or all apps are done, else why it could not go on. Everything it started has ended when it returns, which after
// ctx ended takes at most Options.StopLimit.
func (s *Stack) Run(ctx context.Context) error {
	if !s.ran.CompareAndSwap(false, true) {
		return errors.New("run stack: it has run already, make a new one")
	}
	defer s.ports.releaseAll()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.watchers.Go(func() {
		select {
		case <-s.hurry:
			cancel()
		case <-ctx.Done():
		}
	})
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
	unlock, free, err := lockNow(filepath.Join(s.options.Dir, "lock"))
	if err != nil {
		return err
	}
	if !free { // two brokers on one store would damage it
		return fmt.Errorf("use data folder %s: another stack runs in it: stop that one, or choose another folder", s.options.Dir)
	}
	defer unlock()
	threads := newStarter()
	defer threads.close()
	for _, u := range s.units() {
		u.starter = threads
	}
	defer s.down()
	if err := s.up(ctx); err != nil {
		return err
	}
	return s.wait(ctx)
}

// wait blocks until ctx ends, something cannot go on, or every app is done.
func (s *Stack) wait(ctx context.Context) error {
	left := 0
	for _, m := range s.members {
		if m.process != nil {
			left++
		}
	}
	for everMore := left == 0; everMore || left > 0; {
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

// down stops everything that was started: each app before its sidecar, the last first, and the broker at the end.
func (s *Stack) down() {
	s.stopping.Store(true)
	limit := time.AfterFunc(s.options.StopLimit, s.kill)
	defer limit.Stop()
	for i := len(s.members) - 1; i >= 0; i-- {
		if process := s.members[i].process; process != nil {
			process.stop()
		}
		s.members[i].sidecar.stop()
	}
	if s.broker != nil {
		s.broker.stop()
	}
	for _, u := range s.units() {
		u.voice.closeFile()
	}
}
