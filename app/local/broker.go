package local

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/local/process"
)

const brokerName = "broker"

// broker is the embedded NATS JetStream server.
type broker struct {
	*supervisor
	program  string
	port     int
	store    string // folder
	ready    chan struct{}
	announce sync.Once
}

func (b *broker) address() string { return net.JoinHostPort(loopback, strconv.Itoa(b.port)) }

func (b *broker) url() string { return "nats://" + b.address() }

func (b *broker) command() *exec.Cmd {
	return exec.Command(b.program, "--listen", b.address(), "--dir", b.store) //nolint:gosec,noctx // ours; its supervisor ends it
}

// hear waits for the line with which the broker says that its streams exist.
func (b *broker) hear(line string) {
	if strings.HasPrefix(line, "ready ") {
		b.announce.Do(func() {
			b.limit.markReady()
			close(b.ready)
		})
	}
}

func (s *Stack) awaitBroker(ctx context.Context) error {
	words := time.NewTimer(firstWord)
	defer words.Stop()
	for {
		select {
		case <-s.broker.ready:
			return nil
		case err := <-s.fatal:
			return err
		case <-ctx.Done():
			return fmt.Errorf("wait for broker: %w", ctx.Err())
		case <-words.C:
			s.notice("waiting for the broker to open its store")
			words.Reset(nextWords)
		}
	}
}

// brokerExited starts the broker again on its port, unless it never worked.
func (s *Stack) brokerExited(p *process.Process, err error) (again bool) {
	switch {
	case s.stopping.Load():
		return false
	case err != nil:
		s.fail(fmt.Errorf("broker: %w", err))
		return false
	case s.broker.limit.reached(time.Now(), p):
		s.fail(fmt.Errorf("broker ended %d times before it was ready: %s; if its store is damaged, remove %s (undelivered events are lost)",
			startLimitBurst, reason(s.broker.log.last()), s.broker.store))
		return false
	}
	s.notice("warning: the broker ended (%s): starting it again on port %d", p.Exit(), s.broker.port)
	return true
}
