package local

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// appEnded decides what the end of an app means.
func (s *Stack) appEnded(m *member, c *child, err error) (again bool) {
	switch {
	case s.stopping.Load():
		return false
	case err != nil:
		s.fail(fmt.Errorf("app %s: %w; see `command` at line %d of %s", m.app.ID, err, m.app.line, s.options.RunFile.Path))
		return false
	case s.options.OnAppExit == Restart:
		s.notice("%s ended (%s): starting it again", m.app.ID, c.ending())
		return true
	case c.err == nil:
		s.notice("%s is done", m.app.ID)
		s.done <- m.app.ID
		return false
	}
	s.fail(&AppExitError{App: m.app.ID, Code: c.code(), How: c.ending()})
	return false
}

// sidecarEnded starts a sidecar again, unless it never worked.
func (s *Stack) sidecarEnded(m *member, c *child, err error) (again bool) {
	switch {
	case s.stopping.Load():
		return false
	case err != nil:
		s.fail(fmt.Errorf("sidecar of %s: %w", m.app.ID, err))
		return false
	case m.childhood.died(time.Now(), c):
		s.fail(fmt.Errorf("sidecar of %s ended %d times before it was ready: %s; mend what it names in %s",
			m.app.ID, infantDeaths, reason(m.sidecar.voice.last()), s.hints(m)))
		return false
	}
	said := ""
	if c.code() > 0 && !m.sidecar.voice.onConsole {
		said = "; it said: " + reason(m.sidecar.voice.last())
	}
	s.notice("warning: the sidecar of %s ended (%s): starting it again%s", m.app.ID, c.ending(), said)
	return true
}

// hints are the places where the fault of a sidecar may be.
func (s *Stack) hints(m *member) string {
	places := append([]string(nil), m.resources...)
	if m.app.ConfigFile != "" {
		places = append(places, m.app.ConfigFile)
	}
	if len(places) == 0 {
		places = []string{s.options.RunFile.Path}
	}
	text := strings.Join(places, " or ")
	if m.sidecar.voice.path != "" {
		text += fmt.Sprintf(" (its log is %s)", m.sidecar.voice.path)
	}
	return text
}

// brokerEnded starts the broker again on its port, unless it never worked.
func (s *Stack) brokerEnded(c *child, err error) (again bool) {
	switch {
	case s.stopping.Load():
		return false
	case err != nil:
		s.fail(fmt.Errorf("broker: %w", err))
		return false
	case s.brokerChildhood.died(time.Now(), c):
		s.fail(fmt.Errorf("broker ended %d times before it was ready: %s; if its store is damaged, remove %s (undelivered events are lost)",
			infantDeaths, reason(s.broker.voice.last()), filepath.Join(s.options.Dir, "nats")))
		return false
	}
	s.notice("warning: the broker ended (%s): starting it again on port %d", c.ending(), s.port)
	return true
}
