package simulation_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation"
)

var (
	seeds = flag.Int("seeds", 0, "number of days to simulate, in processes beside each other; 0: a few, in this one")
	first = flag.Uint64("first", 1, "first seed")
	step  = flag.Uint64("step", 0, "from one seed to the next: this is one of the processes")
	until = flag.Bool("until-failure", false, "stop at the first day that fails")
	trace = flag.Bool("trace", false, "log what happens, in simulated time")
)

// few is the number of days that a plain `go test` simulates.
const few = 10

func TestSimulate(t *testing.T) {
	switch {
	case *step > 0:
		work(t)
	case *seeds == 0:
		here(t, *first, few)
	case *seeds == 1:
		here(t, *first, 1)
	default:
		beside(t)
	}
}

// here simulates days in this process.
func here(t *testing.T, first uint64, days int) {
	began := time.Now()
	var report simulation.Report
	for i := range days {
		result := day(t, first+uint64(i)) //nolint:gosec // small
		report.Add(&result)
		if len(result.Verdict.Findings) > 0 {
			fmt.Print(result.Failure())
			t.Errorf("seed %d failed", result.Seed)
		}
		for name := range result.Struck {
			if !slices.Contains(simulation.Faults, name) {
				t.Errorf("fault %q has no line in the report", name)
			}
		}
	}
	fmt.Print(report.Text(time.Since(began)))
}

func day(t *testing.T, seed uint64) (result simulation.Result) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { result = simulation.Run(seed, logger()) })
	return result
}

func logger() zerolog.Logger {
	if !*trace {
		return zerolog.Nop()
	}
	zerolog.TimeFieldFormat = "15:04:05.000000"
	zerolog.TimestampFunc = func() time.Time { return time.Now().UTC() }
	return zerolog.New(os.Stdout).With().Timestamp().Logger()
}

// What a seed has shown once it shows again.
func TestADayIsRepeatable(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		if a, b := day(t, seed), day(t, seed); a.Digest != b.Digest {
			t.Errorf("seed %d went two ways", seed)
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	if a, b := day(t, 1), day(t, 2); a.Digest == b.Digest || a.Readings == b.Readings {
		t.Errorf("seeds 1 and 2 are the same day: %s", a.Readings)
	}
}
