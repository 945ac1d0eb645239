//go:build e2e

package e2e_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/tally"
)

const (
	events = 20_000

	// While history drains, something is killed each time that this many more events were relayed, or have arrived.
	killedEvery = 2_000

	// Longer than ackWait in components/nats, after which the broker delivers again what a killed sidecar held.
	patience = 90 * time.Second
)

func TestNothingIsLostWhenRelayAndSidecarsAreKilled(t *testing.T) {
	t.Parallel()
	stack := startStack(t, map[string]map[string]string{
		"vcsim": {"VCRELAY_VCSIM_HISTORY": strconv.Itoa(events), "VCRELAY_VCSIM_RATE": "50", "VCRELAY_VCSIM_HISTORY_SPAN": "24h"},
	})
	simulator := stack.simulator()
	// The function's sidecar last: the broker waits for ackWait each time, and the relay would be done by then.
	victims := []string{
		"vcrelay", "vcrelay/daprd", "vcrelay", "vcrelay/daprd", "vcrelay", "vcrelay/daprd", "echo/daprd", "echo/daprd", "echo/daprd",
	}
	for i, victim := range victims {
		if strings.HasPrefix(victim, "vcrelay") { // it is far ahead of the function
			stack.awaitPosition((i + 1) * killedEvery)
		} else {
			stack.awaitDeliveries((i + 1) * killedEvery)
		}
		stack.checkNeverAhead()
		stack.kill(victim)
		stack.checkNeverAhead()
	}

	if err := simulator.SetRate(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	log, err := simulator.Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result, err := tally.Await(t.Context(), log, stack.ledger, patience)
	if err != nil {
		t.Fatal(err)
	}
	stack.checkNeverAhead()
	t.Logf("%s; %d processes killed", result, len(victims))
	if len(result.Missing) > 0 {
		t.Errorf("%d events are missing, the first is %s", len(result.Missing), result.Missing[0])
	}
	if result.Foreign > 0 {
		t.Errorf("%d ids arrived that vCenter's log does not have: an event was sent again with another id", result.Foreign)
	}
	stack.checkOrderPerEntity()
}

func (s *stack) awaitPosition(key int) {
	s.t.Helper()
	s.eventually("the position is at key "+strconv.Itoa(key), patience, func() bool { return s.storedKey() >= key })
}

func (s *stack) awaitDeliveries(n int) {
	s.t.Helper()
	s.eventually("the function has "+strconv.Itoa(n)+" events", patience, func() bool { return len(s.deliveries()) >= n })
}

// checkNeverAhead stops the relay wherever it is, as a crash would, and then compares: whatever the stored position counts
// as done has to be in the broker. History is read in the order of keys, so done means: its key is not above the
// position's.
func (s *stack) checkNeverAhead() {
	s.t.Helper()
	defer s.freeze("vcrelay")()
	position := s.storedKey()
	keys := make(map[int]bool)
	for _, message := range s.stored("vcenter") {
		keys[keyOf(s.t, message)] = true
	}
	for key := 1; key <= position; key++ {
		if !keys[key] {
			s.t.Fatalf("the checkpoint is at key %d, and the broker has no event %d", position, key)
		}
	}
	s.t.Logf("checkpoint at key %d, broker has %d events", position, len(keys))
}

// checkOrderPerEntity looks at the order in which the broker stored events.
func (s *stack) checkOrderPerEntity() {
	s.t.Helper()
	for _, fault := range s.sequence().faults {
		s.t.Error(fault)
	}
}

type message struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Name   string `json:"vcname"`
	Entity string `json:"entity"`
	Data   struct {
		Key int `json:"key"`
	} `json:"data"`
}

func parse(t *testing.T, text string) message {
	t.Helper()
	var parsed message
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&parsed); err != nil {
		t.Fatalf("broker holds no CloudEvent: %v: %.200s", err, text)
	}
	return parsed
}

func keyOf(t *testing.T, text string) int { t.Helper(); return parse(t, text).Data.Key }
