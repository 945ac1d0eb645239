package relay_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vcrelay/vcrelay/app/relay"
)

// A stream is opened again under the same labels when its vCenter was replaced, or comes back in a fleet file.
func TestTheMetricsOfAStreamGoWithIt(t *testing.T) {
	registry := prometheus.NewRegistry()
	for range 2 {
		observer := relay.NewObserver(registry, "lab", "default", "topic")
		if families, err := registry.Gather(); err != nil || len(families) == 0 {
			t.Fatalf("%d metrics, %v", len(families), err)
		}
		observer.Close()
		if families, err := registry.Gather(); err != nil || len(families) > 0 {
			t.Fatalf("%d metrics are left: %v, %v", len(families), families, err)
		}
	}
}
