package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/vcrelay/vcrelay/app/local/process"
)

const (
	// componentName is that of the process, and what the program is told to serve: `vcrelay component eventbridge`.
	componentName = "eventbridge"

	// componentType is what components that it serves have for a type; its socket is called so too, after "pubsub.".
	componentType = "pubsub.vcrelay.eventbridge"

	// socketsFolder is where a component makes its socket, and where a sidecar looks for sockets, once at its start.
	socketsFolder = "DAPR_COMPONENTS_SOCKETS_FOLDER"

	// longestSocket is how long the path of a socket may be (sun_path of Linux, without its end).
	longestSocket = 107
)

// component is a component for sidecars that is a process of its own.
type component struct {
	*supervisor
	folder string // of its socket
}

func (c *component) socket() string {
	return filepath.Join(c.folder, strings.TrimPrefix(componentType, "pubsub.")+".sock")
}

// needsComponent tells whether a component of the folder is served by such a process.
func needsComponent(dir string) (bool, error) {
	files, err := resourceFiles(dir)
	if err != nil {
		return false, err
	}
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(dir, name)) // #nosec G304 -- a folder of the run file
		if err != nil {
			return false, fmt.Errorf("read resource: %w", err)
		}
		for document := range strings.SplitSeq(string(content), documentSeparator) {
			var resource struct {
				Kind string
				Spec struct{ Type string }
			}
			if yaml.Unmarshal([]byte(document), &resource) == nil && resource.Kind == "Component" && strings.EqualFold(resource.Spec.Type, componentType) {
				return true, nil
			}
		}
	}
	return false, nil
}

// prepareComponent makes the folder of the socket. It is not in the data folder, whose path may be too long for one.
func (s *Stack) prepareComponent() (err error) {
	if s.component == nil {
		return nil
	}
	if s.component.folder, err = os.MkdirTemp("", "vcrelay-"); err != nil {
		return fmt.Errorf("create folder of sockets: %w", err)
	}
	if socket := s.component.socket(); len(socket) > longestSocket {
		return fmt.Errorf("create folder of sockets: %s is longer than the %d bytes that a socket may have: set TMPDIR to a shorter path", socket, longestSocket)
	}
	return nil
}

func (s *Stack) componentCommand() *exec.Cmd {
	cmd := exec.Command(s.options.Component, "component", componentName) //nolint:gosec,noctx // ours; its supervisor ends it
	cmd.Env = append(inherited(), socketsFolder+"="+s.component.folder)
	for name, value := range s.options.Env[""] {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// startComponent returns when the component listens.
func (s *Stack) startComponent(ctx, forced context.Context) error {
	if s.component == nil {
		return nil
	}
	s.component.start(forced)
	ask := func() error {
		connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", s.component.socket())
		if err != nil {
			return errors.New("it does not listen yet")
		}
		return connection.Close()
	}
	s.watch(ctx, s.component.ended, "the component "+componentName, ask, s.component.limit.markReady)
	select {
	case err := <-s.fatal:
		return err
	default:
		return ctx.Err()
	}
}

// componentExited starts the component again, which sidecars find on its socket, unless it never worked.
func (s *Stack) componentExited(p *process.Process, err error) (again bool) {
	switch {
	case s.stopping.Load():
		return false
	case err != nil:
		s.fail(fmt.Errorf("component %s: %w", componentName, err))
		return false
	case s.component.limit.reached(time.Now(), p):
		s.fail(fmt.Errorf("component %s ended %d times before it listened: %s", componentName, startLimitBurst, reason(s.component.log.last())))
		return false
	}
	s.notice("warning: the component %s ended (%s): starting it again", componentName, p.Exit())
	return true
}

// stopComponent leaves no socket behind.
func (s *Stack) stopComponent() {
	if s.component != nil {
		s.component.stop()
		_ = os.RemoveAll(s.component.folder)
	}
}
