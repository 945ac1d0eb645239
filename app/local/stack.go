package local

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
)

const brokerName = "broker"

// Stack is a set of apps with their sidecars and broker. It runs once. All methods may be called at any time and from
// any goroutine, except Setenv.
type Stack struct {
	options Options
	members []*member // in the order of the file
	broker  *unit     // nil when no component needs it
	ports   *reservations
	port    int // of the broker
	daprd   string
	natsd   string
	console *console
	notices *voice

	ready           chan struct{}
	brokerReady     chan struct{}
	brokerChildhood infancy
	fatal           chan error
	done            chan string   // ids of apps that ended well
	hurry           chan struct{} // closed: no more waiting for processes to end
	kill            func()
	ran             atomic.Bool
	stopping        atomic.Bool
	watchers        sync.WaitGroup
}

// member is one app with its sidecar.
type member struct {
	app       App
	resources []string // as the file has them, for people
	ports     Ports
	env       map[string]string // of Setenv
	sidecar   *unit
	process   *unit // nil for an entry without a command
	childhood *infancy
	healthy   chan struct{}
}

// New checks the options and reserves ports; it starts nothing. The ports are held until Run ends, or until the Stack is garbage.
func New(options Options) (*Stack, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	apps, err := options.chosen()
	if err != nil {
		return nil, err
	}
	s := &Stack{
		options: options, ports: newReservations(),
		ready: make(chan struct{}), brokerReady: make(chan struct{}), hurry: make(chan struct{}),
		fatal: make(chan error, 1), done: make(chan string, len(apps)),
	}
	s.kill = sync.OnceFunc(func() { close(s.hurry) })
	if err := s.admit(apps); err != nil {
		s.ports.releaseAll()
		return nil, err
	}
	return s, nil
}

// admit makes a member of each app, and a broker when one of them needs it.
func (s *Stack) admit(apps []App) error {
	var faults []error
	needed := false
	for i := range apps {
		m := &member{app: apps[i], resources: apps[i].ResourcesPaths, env: map[string]string{}, childhood: &infancy{}, healthy: make(chan struct{})}
		faults = append(faults, checkCommand(&m.app))
		for _, dir := range m.resources {
			needs, err := needsBroker(dir)
			faults = append(faults, err)
			needed = needed || needs
		}
		ports, err := s.ports.portsFor(&m.app)
		faults = append(faults, err)
		m.ports = ports
		s.members = append(s.members, m)
	}
	if needed {
		faults = append(faults, s.reserveBroker())
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	s.equip(needed)
	return nil
}

func (s *Stack) reserveBroker() error {
	port, err := s.ports.take(s.options.BrokerPort)
	if err == nil && s.options.BrokerPort > 0 && port != s.options.BrokerPort {
		err = fmt.Errorf("broker port %d is taken: stop what listens there, or give no port", s.options.BrokerPort)
	}
	s.port = port
	return err
}

// equip makes the units; the console's width needs all of their names first.
func (s *Stack) equip(withBroker bool) {
	names := []string{"up", brokerName}
	for _, m := range s.members {
		names = append(names, m.app.ID, sidecarName(m.app.ID))
	}
	s.console = newConsole(s.options.Output, s.options.Color, names)
	s.notices = s.console.voice("up")
	if withBroker {
		s.broker = s.unit(brokerName, FileAndConsole, s.brokerCommand, s.brokerEnded)
		s.broker.voice.heard = s.hearBroker
	}
	for _, m := range s.members {
		if len(m.app.Command) > 0 {
			m.process = s.unit(m.app.ID, m.app.AppLog, func() *exec.Cmd { return s.appCommand(m) },
				func(c *child, err error) bool { return s.appEnded(m, c, err) })
		}
		m.sidecar = s.unit(sidecarName(m.app.ID), m.app.DaprdLog, func() *exec.Cmd { return s.sidecarCommand(m) },
			func(c *child, err error) bool { return s.sidecarEnded(m, c, err) })
		m.sidecar.voice.view = sidecarView(m.app.LogLevel)
	}
}

func (s *Stack) unit(name string, to Destination, command func() *exec.Cmd, ended func(*child, error) bool) *unit {
	v := s.console.voice(name)
	v.onConsole = to != File
	if to != Console {
		v.path = filepath.Join(s.options.Dir, "logs", logName(name))
	}
	return &unit{
		name: name, command: command, voice: v, ended: ended,
		grace: s.options.StopGrace, hurry: s.hurry, done: make(chan struct{}), began: make(chan struct{}),
	}
}

// units are all processes of the stack, in the order of their start.
func (s *Stack) units() []*unit {
	var all []*unit
	if s.broker != nil {
		all = append(all, s.broker)
	}
	for _, m := range s.members {
		all = append(all, m.sidecar)
		if m.process != nil {
			all = append(all, m.process)
		}
	}
	return all
}

// notice tells the person something, as a line of `up`.
func (s *Stack) notice(format string, arguments ...any) {
	s.notices.say(fmt.Appendf(nil, format, arguments...))
}

// fail ends Run with err; the first failure is the one that counts.
func (s *Stack) fail(err error) {
	select {
	case s.fatal <- err:
	default:
	}
}
