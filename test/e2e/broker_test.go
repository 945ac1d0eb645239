//go:build e2e

package e2e_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/vcrelay/vcrelay/app/local/toolbox"
)

// stored returns the messages of a JetStream stream, by the broker's own reader.
func (s *stack) stored(stream string) []string {
	s.t.Helper()
	messages, err := s.readStream(stream)
	if err != nil {
		s.t.Fatal(err)
	}
	return messages
}

func (s *stack) readStream(stream string) (messages []string, err error) {
	s.t.Helper()
	err = s.lines(func(line string) { messages = append(messages, line) }, "read", "-stream", stream)
	return messages, err
}

// eachStored calls f for each message of a stream, in the order in which the broker stored them, with when it did.
func (s *stack) eachStored(stream string, f func(m message, at time.Time)) {
	s.t.Helper()
	err := s.lines(func(line string) {
		at, text, _ := strings.Cut(line, "\t")
		stored, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			s.t.Fatal(err)
		}
		f(parse(s.t, text), stored)
	}, "read", "-stream", stream, "-times")
	if err != nil {
		s.t.Fatal(err)
	}
}

// watch counts how often each id is published to the topic, also when JetStream drops what it has seen, until the
// returned function is called.
func (s *stack) watch() (published func() map[string]int) {
	s.t.Helper()
	ids, ready := make(map[string]int), make(chan struct{})
	ctx, stop := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- s.linesOf(ctx, func(line string) {
			if line == "ready" {
				close(ready)
				return
			}
			ids[parse(s.t, line).ID]++
		}, "watch", "-subject", "vcenter")
	}()
	select {
	case <-ready:
	case err := <-ended:
		s.t.Fatalf("watch the topic: %v", err)
	}
	return func() map[string]int {
		stop()
		if err := <-ended; err != nil {
			s.t.Fatal(err)
		}
		return ids
	}
}

func (s *stack) lines(f func(line string), arguments ...string) error {
	return s.linesOf(s.t.Context(), f, arguments...)
}

// linesOf runs a client of the broker and hands on each line that it prints, until it ends or is told to by ctx.
func (s *stack) linesOf(ctx context.Context, f func(line string), arguments ...string) error {
	tools := toolbox.Toolbox{Root: "../.."}
	broker, err := tools.Broker(ctx)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, broker, append(arguments, "-url", s.BrokerURL())...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		f(strings.TrimSuffix(line, "\n"))
	}
	if err := command.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("broker %s: %w", strings.Join(arguments, " "), err)
	}
	return nil
}
