package local

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// hearBroker waits for the line with which the broker says that its streams exist.
func (s *Stack) hearBroker(line string) {
	if !strings.HasPrefix(line, "ready ") {
		return
	}
	select {
	case <-s.brokerReady:
	default: // called by one goroutine per stream, and the line comes on one
		s.brokerChildhood.grow()
		close(s.brokerReady)
	}
}

func (s *Stack) awaitBroker(ctx context.Context) error {
	words := time.NewTimer(firstWord)
	defer words.Stop()
	for {
		select {
		case <-s.brokerReady:
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

// watchSidecar asks until the sidecar is healthy for the first time.
func (s *Stack) watchSidecar(ctx context.Context, m *member) {
	ask := time.NewTicker(askEvery)
	defer ask.Stop()
	words := time.NewTimer(firstWord)
	defer words.Stop()
	for {
		err := sidecarHealth(ctx, m.app.APIListenAddresses, m.ports.HTTP)
		if err == nil {
			m.childhood.grow()
			close(m.healthy)
			return
		}
		select {
		case <-ask.C:
		case <-words.C:
			s.notice("waiting for the sidecar of %s: %v", m.app.ID, err)
			words.Reset(nextWords)
		case <-ctx.Done():
			return
		}
	}
}

// announceReady closes ready when all sidecars have been healthy and all apps started.
func (s *Stack) announceReady(ctx context.Context) {
	for _, m := range s.members {
		waits := []<-chan struct{}{m.healthy}
		if m.process != nil {
			waits = append(waits, m.process.began)
		}
		for _, wait := range waits {
			select {
			case <-wait:
			case <-ctx.Done():
				return
			}
		}
	}
	s.options.Logger.Debug().Int("apps", len(s.members)).Msg("stack ready")
	close(s.ready)
}
