package main

import (
	"bytes"
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/config"
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
