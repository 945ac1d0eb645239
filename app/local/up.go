package local

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// How often something that is not ready is asked, and when a person is told about it.
const (
	askEvery  = 50 * time.Millisecond
	firstWord = 5 * time.Second
	nextWords = 15 * time.Second

	settleTime = time.Second
)

// up starts everything. It waits for the broker, which the sidecars need at their start, and for nothing else.
func (s *Stack) up(ctx context.Context) error {
	if err := s.findTools(ctx); err != nil {
		return err
	}
	if err := s.prepare(); err != nil {
		return err
	}
	if s.broker != nil {
		s.ports.release(s.port)
		s.broker.start(ctx)
		if err := s.awaitBroker(ctx); err != nil {
			return err
		}
	}
	for _, m := range s.members {
		s.startMember(ctx, m)
		s.letSettle(ctx, m)
	}
	s.watchers.Go(func() { s.announceReady(ctx) })
	return nil
}

func (s *Stack) findTools(ctx context.Context) (err error) {
	box := &Toolbox{Root: s.options.Root, Notice: s.notice, Logger: s.options.Logger}
	if s.daprd = s.options.Daprd; s.daprd == "" {
		if s.daprd, err = box.Daprd(ctx); err != nil {
			return err
		}
	}
	if s.natsd = s.options.Broker; s.natsd == "" && s.broker != nil {
		if s.natsd, err = box.Broker(ctx); err != nil {
			return err
		}
	}
	s.options.Logger.Debug().Str("daprd", s.daprd).Str("broker", s.natsd).Msg("tools found")
	return nil
}

// prepare writes what the processes read: folders, log files, resources that point at the embedded broker.
func (s *Stack) prepare() error {
	generated := filepath.Join(s.options.Dir, "run")
	if err := os.RemoveAll(generated); err != nil {
		return fmt.Errorf("clear generated resources: %w", err)
	}
	for _, dir := range []string{generated, filepath.Join(s.options.Dir, "logs"), filepath.Join(s.options.Dir, "nats")} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("create data folder: %w", err)
		}
	}
	for _, u := range s.units() {
		if err := u.voice.openFile(); err != nil {
			return err
		}
	}
	return s.pointResources(generated)
}

// pointResources replaces each resource folder that holds a component for the embedded broker by a copy. All others are
// read where they are, so that daprd's hot reload sees an edit.
func (s *Stack) pointResources(generated string) error {
	var copied []string
	for _, m := range s.members {
		m.app.ResourcesPaths = slices.Clone(m.resources)
		for i, dir := range m.resources {
			needs, err := needsBroker(dir)
			if err != nil {
				return err
			}
			if !needs {
				continue
			}
			n := slices.Index(copied, dir)
			if n < 0 {
				n, copied = len(copied), append(copied, dir)
			}
			target := filepath.Join(generated, strconv.Itoa(n))
			if err := copyResources(dir, target, s.natsURL()); err != nil {
				return err
			}
			m.app.ResourcesPaths[i] = target
		}
	}
	return nil
}

func (s *Stack) startMember(ctx context.Context, m *member) {
	if wanted := m.app.Port; wanted > 0 && wanted != m.ports.App {
		s.notice("port %d of %s is taken: it gets %d (in APP_PORT)", wanted, m.app.ID, m.ports.App)
	}
	s.ports.release(m.ports.App)
	s.ports.release(m.ports.sidecar()...)
	m.sidecar.start(ctx)
	s.watchers.Go(func() { s.watchSidecar(ctx, m) })
	if m.process != nil {
		m.process.start(ctx)
	}
}

// letSettle gives a sidecar a moment before the next one begins: two that create the same SQLite file at once find it
// locked, and one of them ends. A slow one holds nobody up for long.
func (s *Stack) letSettle(ctx context.Context, m *member) {
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	select {
	case <-m.healthy:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *Stack) appCommand(m *member) *exec.Cmd {
	cmd := exec.Command(m.app.Command[0], m.app.Command[1:]...) //nolint:gosec,noctx // the person's run file; the unit ends it
	cmd.Dir = m.app.Dir
	cmd.Env = s.environmentOf(m)
	return cmd
}

func (s *Stack) sidecarCommand(m *member) *exec.Cmd {
	cmd := exec.Command(s.daprd, sidecarArguments(&m.app, m.ports)...) //nolint:gosec,noctx // as above
	cmd.Dir = s.options.Dir
	cmd.Env = sidecarEnvironment(s.environmentOf(m))
	return cmd
}

func (s *Stack) environmentOf(m *member) []string {
	return appEnvironment(&m.app, m.ports, s.options.Env[""], s.options.Env[m.app.ID], m.env)
}

func (s *Stack) brokerCommand() *exec.Cmd {
	listen := net.JoinHostPort(loopback, strconv.Itoa(s.port))
	return exec.Command(s.natsd, "--listen", listen, "--dir", filepath.Join(s.options.Dir, "nats")) //nolint:gosec,noctx // as above
}

func (s *Stack) natsURL() string { return "nats://" + net.JoinHostPort(loopback, strconv.Itoa(s.port)) }
