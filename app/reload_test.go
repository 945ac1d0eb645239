package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dapr/go-sdk/client"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
)

func TestAFleetFileThatChangesWhileTheRelayStartsIsSeenToHaveChanged(t *testing.T) {
	const vcenters = "vcenters:\n- {name: west, url: \"https://west/sdk\", username: relay, password: not-a-secret}\nroutes:\n- name: default\n  target: pubsub://events/"
	file := filepath.Join(t.TempDir(), "fleet.yaml")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(vcenters + "before\n")
	read, err := config.ReadFleet(file, config.Defaults{}, fleetChecks())
	if err != nil {
		t.Fatal(err)
	}
	seen := func() []byte {
		settings := config.Config{Fleet: read, FleetFile: file}
		started := newFleet(&settings, nil, nil, prometheus.NewRegistry(), zerolog.Nop())
		signal.Stop(started.hangups)
		return started.read
	}
	if !bytes.Equal(seen(), sumOf(file)) {
		t.Error("a file that stays as it is was taken for another one")
	}
	write(vcenters + "after\n")
	if bytes.Equal(seen(), sumOf(file)) {
		t.Error("nobody would read the file again")
	}
}

// fakeSidecar is one with the component events, that does not answer the first times.
type fakeSidecar struct {
	client.Client
	away, asked int
}

func (s *fakeSidecar) GetMetadata(context.Context) (*client.GetMetadataResponse, error) {
	if s.asked++; s.asked <= s.away {
		return nil, errors.New("connection refused")
	}
	events := &client.MetadataRegisteredComponents{Name: "events", Type: "pubsub.redis"}
	return &client.GetMetadataResponse{RegisteredComponents: []*client.MetadataRegisteredComponents{events}}, nil
}

// reloading looks at a fleet file for a minute that has changed, and returns how many streams it had run, each time.
func reloading(t *testing.T, dapr client.Client, text string) (taken []int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fleet.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		settings := &config.Config{FleetFile: file, Defaults: config.Defaults{
			Target: config.Target{Kind: config.PubSub, Component: "events", Topic: "vcenter"}, Order: event.OrderEntity,
		}}
		f := &fleet{
			settings: settings, dapr: dapr, registry: prometheus.NewRegistry(), log: zerolog.Nop(),
			birds: newCanary(nil, zerolog.Nop()), hangups: make(chan os.Signal, 1),
		}
		plans := make(chan []relay.Plan, 100)
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		newReloads(f, plans).run(ctx)
		close(plans)
		for streams := range plans {
			taken = append(taken, len(streams))
		}
	})
	return taken
}

const twoVcenters = `
vcenters:
  - {name: one, url: 'https://one.example.com', username: relay, password: 'secret://vault/one#password'}
  - {name: two, url: 'https://two.example.com', username: relay, password: 'secret://vault/two#password'}
routes:
  - name: default
`

func TestAFleetFileThatHasChangedIsTakenOnce(t *testing.T) {
	dapr := new(fakeSidecar)
	if taken := reloading(t, dapr, twoVcenters); len(taken) != 1 || taken[0] != 2 {
		t.Errorf("streams %v, want 2, once", taken)
	}
}

// The sidecar may be about to start: nobody changes the file again when it is there.
func TestAFleetFileIsTriedAgainWhereTheFaultIsNotTheFile(t *testing.T) {
	dapr := &fakeSidecar{away: 3}
	if taken := reloading(t, dapr, twoVcenters); len(taken) != 1 || taken[0] != 2 {
		t.Errorf("streams %v, want 2, once, when the sidecar answers", taken)
	}
}

func TestAFleetFileThatIsFaultyIsNotTriedAgain(t *testing.T) {
	dapr := new(fakeSidecar)
	if taken := reloading(t, dapr, twoVcenters+"    order: entitty\n"); len(taken) != 0 || dapr.asked != 0 {
		t.Errorf("streams %v, the sidecar was asked %d times", taken, dapr.asked)
	}
	missing := twoVcenters + "    target: 'pubsub://other/topic'\n"
	if taken := reloading(t, dapr, missing); len(taken) != 0 || dapr.asked != 1 {
		t.Errorf("of a component that is not there: streams %v, the sidecar was asked %d times", taken, dapr.asked)
	}
}
