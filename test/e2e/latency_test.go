//go:build e2e

package e2e_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/tally"
)

const (
	latencyRate = 300 // events/s
	warmUp      = 10 * time.Second

	// The goals; they are reported, not demanded: the figure is that of a machine.
	goalHalf = 50 * time.Millisecond  // of p50
	goalMost = 250 * time.Millisecond // of p99
)

// TestBenchLatency is `make bench-latency`: how long an event is on its way from the simulated vCenter to the function's
// handler, over JetStream with the shipped components. All processes have the machine's clock, and an event's id has its
// createdTime in microseconds.
func TestBenchLatency(t *testing.T) {
	if os.Getenv("E2E_LATENCY_SECONDS") == "" {
		t.Skip("E2E_LATENCY_SECONDS is not set")
	}
	lasts := time.Duration(number(t, "E2E_LATENCY_SECONDS", 60)) * time.Second
	load := loadOfMachine()
	s := startStack(t, map[string]map[string]string{
		"vcsim": {"VCRELAY_VCSIM_RATE": "0", "VCRELAY_VCSIM_HISTORY": "100", "VCRELAY_VCSIM_VMS": "200"},
		"echo":  {"VCRELAY_ECHO_LEDGER_TIMES": "true"},
	})
	simulator := s.simulator()
	s.eventually("the history has arrived", patience, func() bool { return len(s.deliveries()) >= 100 })
	s.setRate(simulator, latencyRate)
	<-time.After(warmUp)
	from := time.Now()
	<-time.After(lasts)
	until := time.Now()
	s.setRate(simulator, 0)
	log, err := simulator.Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result, err := tally.Await(t.Context(), log, s.ledger, patience)
	if err != nil || len(result.Missing) > 0 {
		t.Fatalf("%s: %v", result, err)
	}
	way := s.ways(log, from, until)
	fmt.Printf("latency: %d events in %s at %d events/s, %d cores, load of the machine before: %s\n",
		len(way.whole), lasts, latencyRate, runtime.GOMAXPROCS(0), load)
	fmt.Printf("%-32s %8s %8s %8s %8s\n", "stage (ms)", "p50", "p90", "p99", "max")
	printStage("created -> stored by the broker", way.stored)
	printStage("stored -> handler", way.delivered)
	printStage("created -> handler", way.whole)
	printGoal("p50", percentile(way.whole, 50), goalHalf)
	printGoal("p99", percentile(way.whole, 99), goalMost)
	if want := int(lasts.Seconds()) * latencyRate * 9 / 10; len(way.whole) < want {
		t.Errorf("the simulated vCenter made %d events, want at least %d", len(way.whole), want)
	}
	s.checkOrderPerEntity()
}

func (s *stack) setRate(simulator *tally.Simulator, rate float64) {
	s.t.Helper()
	if err := simulator.SetRate(s.t.Context(), rate); err != nil {
		s.t.Fatal(err)
	}
}

// ways is how long events took, each list sorted.
type ways struct{ stored, delivered, whole []time.Duration }

// ways looks at the events of the log that were created within a time.
func (s *stack) ways(log []string, from, until time.Time) (w ways) {
	s.t.Helper()
	arrivals, stored := s.arrivals(), make(map[string]time.Time)
	s.eachStored("vcenter", func(m message, at time.Time) { stored[m.ID] = at })
	for _, id := range log {
		created := createdTime(s.t, id)
		if created.Before(from) || created.After(until) {
			continue
		}
		w.stored = append(w.stored, stored[id].Sub(created))
		w.delivered = append(w.delivered, arrivals[id].Sub(stored[id]))
		w.whole = append(w.whole, arrivals[id].Sub(created))
	}
	for _, list := range [][]time.Duration{w.stored, w.delivered, w.whole} {
		slices.Sort(list)
	}
	return w
}

// arrivals is when each id reached the handler first.
func (s *stack) arrivals() map[string]time.Time {
	s.t.Helper()
	text, err := os.ReadFile(s.ledger)
	if err != nil {
		s.t.Fatal(err)
	}
	arrivals := make(map[string]time.Time)
	for line := range strings.Lines(string(text)) {
		id, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		at, err := time.Parse(time.RFC3339Nano, rest)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, again := arrivals[id]; !again {
			arrivals[id] = at
		}
	}
	return arrivals
}

// createdTime is the last part of an id: microseconds, by vCenter's clock.
func createdTime(t *testing.T, id string) time.Time {
	t.Helper()
	microseconds, err := strconv.ParseInt(id[strings.LastIndexByte(id, '-')+1:], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMicro(microseconds)
}

// percentile is the smallest value that so many of a hundred are not above.
func percentile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

func printStage(name string, sorted []time.Duration) {
	fmt.Printf("%-32s", name)
	for _, percent := range []int{50, 90, 99, 100} {
		fmt.Printf(" %8.1f", milliseconds(percentile(sorted, percent)))
	}
	fmt.Println()
}

func printGoal(name string, got, goal time.Duration) {
	verdict := "met"
	if got > goal {
		verdict = "MISSED"
	}
	fmt.Printf("goal: %s at most %.0f ms: %s with %.1f ms\n", name, milliseconds(goal), verdict, milliseconds(got))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// loadOfMachine is the mean number of processes that wanted to run, of the last minute.
func loadOfMachine() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}
