package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/local/process"
)

// ErrMissing means that a program is not installed; the error says how to get it.
var ErrMissing = errors.New("not installed")

// missingCode is the exit code with which the scripts say so.
const missingCode = 3

// broker is a backend that the stack runs.
type broker struct {
	*supervisor
	backend *backend
	program string
	port    int
	store   string // folder

	mu    sync.Mutex
	ready chan struct{} // closed when it can be used
}

func (b *broker) address() string { return net.JoinHostPort(loopback, strconv.Itoa(b.port)) }

func (b *broker) command() *exec.Cmd {
	return exec.Command(b.program, "--listen", b.address(), "--dir", b.store) //nolint:gosec,noctx // ours; its supervisor ends it
}

// hear waits for the line with which a broker says that it can be used.
func (b *broker) hear(line string) {
	if !strings.HasPrefix(line, "ready ") {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit.markReady()
	if b.isReady() {
		return
	}
	close(b.ready)
}

func (b *broker) isReady() bool {
	select {
	case <-b.ready:
		return true
	default:
		return false
	}
}

// readiness is closed once the broker can be used.
func (b *broker) readiness() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ready
}

// unready makes readiness wait for the next start.
func (b *broker) unready() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isReady() {
		b.ready = make(chan struct{})
	}
}

// readyOnly is what the console shows of a broker; all that it says is in its log file.
func readyOnly(line string) (string, bool) { return line, strings.HasPrefix(line, "ready ") }

// admitBrokers decides for each backend that the resources need whether the stack runs it.
func (s *Stack) admitBrokers(needed map[*backend][]string) error {
	if s.options.NoBroker {
		return nil
	}
	for _, kind := range backends {
		addresses := needed[kind]
		if len(addresses) == 0 {
			continue
		}
		if kind != jetstream && answers(addresses) {
			s.found = append(s.found, fmt.Sprintf("%s at %s answers: it is used, and no other is started", kind.title, addresses[0]))
			continue
		}
		port, err := s.ports.take(0)
		if err != nil {
			return err
		}
		s.brokers = append(s.brokers, &broker{
			backend: kind, port: port, store: filepath.Join(s.options.Dir, kind.folder), ready: make(chan struct{}),
		})
	}
	return nil
}

// answers tells whether somebody listens on each of the addresses.
func answers(addresses []string) bool {
	for _, address := range addresses {
		conn, err := net.DialTimeout("tcp", address, time.Second) //nolint:noctx // bounded by its timeout
		if err != nil {
			return false
		}
		_ = conn.Close()
	}
	return true
}

// findScript is the program of a broker that is not embedded, when what it needs is installed.
func (s *Stack) findScript(ctx context.Context, kind *backend) (string, error) {
	path, err := filepath.Abs(filepath.Join(s.options.Root, kind.script()))
	if err != nil {
		return "", fmt.Errorf("resolve source tree: %w", err)
	}
	if !exists(path) {
		return "", fmt.Errorf("%w: %s: run from the source tree, which has %s, or start one on port %s yourself", ErrMissing, kind.title, kind.script(), kind.port)
	}
	_, err = exec.CommandContext(ctx, path, "--version").Output() // #nosec G204 -- of the source tree
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == missingCode:
		return "", fmt.Errorf("%w: %s, or start one on port %s yourself", ErrMissing, strings.TrimSpace(string(exit.Stderr)), kind.port)
	case err != nil:
		return "", fmt.Errorf("ask %s for its version: %w", path, err)
	}
	return path, nil
}

func (s *Stack) awaitBroker(ctx context.Context, b *broker) error {
	words := time.NewTimer(firstWord)
	defer words.Stop()
	for {
		select {
		case <-b.readiness():
			return nil
		case err := <-s.fatal:
			return err
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", b.name, ctx.Err())
		case <-words.C:
			s.notice("waiting for %s to open its store", b.name)
			words.Reset(nextWords)
		}
	}
}

// brokerExited starts a broker again on its port, unless it never worked.
func (s *Stack) brokerExited(b *broker, p *process.Process, err error) (again bool) {
	b.unready()
	switch {
	case s.stopping.Load():
		return false
	case err != nil:
		s.fail(fmt.Errorf("%s: %w", b.name, err))
		return false
	case b.limit.reached(time.Now(), p):
		s.fail(fmt.Errorf("%s ended %d times before it was ready: %s; if its store is damaged, remove %s (undelivered events are lost)",
			b.name, startLimitBurst, reason(b.log.last()), b.store))
		return false
	}
	s.notice("warning: %s ended (%s): starting it again on port %d", b.title(), p.Exit(), b.port)
	return true
}

// title is what notices call it.
func (b *broker) title() string {
	if b.backend == jetstream {
		return "the broker"
	}
	return b.name
}

// BrokerURL is the address of the embedded NATS broker, "" when no component needs it; known from New on, and the same after
// restarts.
func (s *Stack) BrokerURL() string {
	for _, b := range s.brokers {
		if b.backend == jetstream {
			return "nats://" + b.address()
		}
	}
	return ""
}

// brokerAway tells whether a sidecar may end because a broker cannot be used just now.
func (s *Stack) brokerAway() bool {
	for _, b := range s.brokers {
		select {
		case <-b.readiness():
		default:
			return true
		}
	}
	return s.options.NoBroker // the caller's may be
}
