package local

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/vcrelay/vcrelay/app/local/process"
	"github.com/vcrelay/vcrelay/app/local/runfile"
)

// Stack is a set of apps with their sidecars and brokers. It runs once. All methods may be called at any time and from
// any goroutine.
type Stack struct {
	options   Options
	apps      []*app // in the order of the file
	brokers   []*broker
	component *component // nil when no resource needs it
	found     []string   // what the person is told of brokers that run already
	ports     *reservations
	daprd     string // path of the program
	console   *console
	notices   *processLog

	ready    chan struct{}
	fatal    chan error    // why the stack cannot go on
	done     chan struct{} // one for each app that ended well
	ran      atomic.Bool
	stopping atomic.Bool
	watchers sync.WaitGroup
}

// New checks the options and reserves ports; it starts nothing. The ports are held until Run ends, or until the Stack
// is garbage.
func New(options Options) (*Stack, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	chosen, err := options.chosen()
	if err != nil {
		return nil, err
	}
	s := &Stack{
		options: options, ports: newReservations(),
		ready: make(chan struct{}), fatal: make(chan error, 1), done: make(chan struct{}, len(chosen)),
	}
	if err := s.admit(chosen); err != nil {
		s.ports.releaseAll()
		return nil, err
	}
	return s, nil
}

// admit makes an app of each entry, and a broker of each backend that their components need.
func (s *Stack) admit(entries []runfile.App) error {
	var faults []error
	needed := make(map[*backend][]string)
	for i := range entries {
		a := &app{entry: entries[i], resources: entries[i].ResourcesPaths, healthy: make(chan struct{})}
		faults = append(faults, checkCommand(&a.entry))
		for _, dir := range a.resources {
			found, err := backendsOf(dir)
			faults = append(faults, err)
			if pluggable, err := needsComponent(dir); err == nil && pluggable {
				s.component = new(component)
			}
			for kind, addresses := range found {
				needed[kind] = append(needed[kind], addresses...)
			}
		}
		ports, err := s.ports.portsFor(&a.entry)
		faults = append(faults, err)
		a.ports = ports
		s.apps = append(s.apps, a)
	}
	faults = append(faults, s.admitBrokers(needed))
	if err := errors.Join(faults...); err != nil {
		return err
	}
	s.equip()
	return nil
}

// equip makes the supervisors; the console's width needs all of their names first.
func (s *Stack) equip() {
	names := []string{"up", jetstream.name}
	for _, b := range s.brokers {
		names = append(names, b.backend.name)
	}
	if s.component != nil {
		names = append(names, componentName)
	}
	for _, a := range s.apps {
		names = append(names, a.entry.ID, sidecarName(a.entry.ID))
	}
	s.console = newConsole(s.options.Output, s.options.Color, names)
	s.notices = s.console.log("up")
	for _, b := range s.brokers {
		b.supervisor = s.supervisor(b.backend.name, b.command, func(p *process.Process, err error) bool { return s.brokerExited(b, p, err) })
		b.log.heard = b.hear
		if b.backend != jetstream {
			b.log.view = readyOnly
		}
	}
	if s.component != nil {
		s.component.supervisor = s.supervisor(componentName, s.componentCommand, s.componentExited)
	}
	for _, a := range s.apps {
		if len(a.entry.Command) > 0 {
			a.process = s.supervisor(a.entry.ID, func() *exec.Cmd { return s.appCommand(a) },
				func(p *process.Process, err error) bool { return s.appExited(a, p, err) })
		}
		a.sidecar = s.supervisor(sidecarName(a.entry.ID), func() *exec.Cmd { return s.sidecarCommand(a) },
			func(p *process.Process, err error) bool { return s.sidecarExited(a, p, err) })
		a.sidecar.log.view = s.untilStopping(sidecarView(a.entry.LogLevel))
	}
}

func (s *Stack) supervisor(name string, command func() *exec.Cmd, exited exitPolicy) *supervisor {
	log := s.console.log(name)
	log.path = filepath.Join(s.options.Dir, "logs", strings.ReplaceAll(name, "/", "-")+".log")
	return newSupervisor(name, command, log, exited, s.options.StopGrace)
}

// supervisors are those of all processes, in the order of their start.
func (s *Stack) supervisors() []*supervisor {
	var all []*supervisor
	for _, b := range s.brokers {
		all = append(all, b.supervisor)
	}
	if s.component != nil {
		all = append(all, s.component.supervisor)
	}
	for _, a := range s.apps {
		all = append(all, a.sidecar)
		if a.process != nil {
			all = append(all, a.process)
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

// untilStopping keeps what sidecars complain of while their apps stop before them (deliveries refused, retries) to the log
// files: on the console it would look like trouble.
func (s *Stack) untilStopping(view func(string) (string, bool)) func(string) (string, bool) {
	return func(line string) (string, bool) {
		text, shown := view(line)
		complaint := s.stopping.Load() && levelField.MatchString(line)
		return text, shown && !complaint
	}
}
