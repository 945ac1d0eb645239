//go:build e2e

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/tally"
)

const (
	stopLimit = 5 * time.Second // what a relay is given, see docs/design.md

	stopRate = "400" // events/s while the relay is stopped again and again
)

// TestSigtermUnderLoadLosesAndRepeatsNothing is `make test-stop` with 50 stops. What the relay publishes is counted in front of
// JetStream, which hides what it has seen.
func TestSigtermUnderLoadLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	stops := number(t, "E2E_STOPS", 10)
	s := startStack(t, map[string]map[string]string{
		"vcsim": {"VCRELAY_VCSIM_HISTORY": "2000", "VCRELAY_VCSIM_RATE": stopRate},
	}, sidecarOf("vcrelay"))
	simulator := s.simulator()
	watched := s.watch()
	relay := s.replica()
	var longest time.Duration
	publishes := func() bool { return s.publishedAt(relay.health) > 0 }
	for range stops {
		s.eventually("the relay publishes", readyTimeout, publishes)
		<-time.After(rand.N(time.Second))
		longest = max(longest, relay.stop())
		relay.start()
	}
	s.eventually("the relay publishes", readyTimeout, publishes) // its login is an event too
	if err := simulator.SetRate(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	log, err := simulator.Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result, err := tally.Await(t.Context(), log, s.ledger, patience)
	if err != nil {
		t.Fatal(err)
	}
	published := tally.Compare(log, watched())
	fmt.Printf("stop: %d stops at %s events/s, the longest %s; published: %s; at the function: %s\n",
		stops, stopRate, longest.Round(time.Millisecond), published, result)
	if len(published.Missing) > 0 || len(result.Missing) > 0 || published.Foreign > 0 {
		t.Errorf("missing: %d published, %d delivered; %d unknown", len(published.Missing), len(result.Missing), published.Foreign)
	}
	if published.Duplicates > 0 || result.Duplicates > 0 {
		t.Errorf("duplicates: %d published, %d delivered; an orderly stop saves all that was acknowledged", published.Duplicates, result.Duplicates)
	}
	if longest > stopLimit {
		t.Errorf("a stop took %s, want at most %s", longest, stopLimit)
	}
	s.checkOrderPerEntity()
}
