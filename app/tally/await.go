package tally

import (
	"context"
	"time"
)

// lookInterval is how often Await looks into the ledger.
const lookInterval = 200 * time.Millisecond

// Await compares until nothing is missing, or until nothing more has arrived for the time patience or ctx ends, and
// returns the last result.
func Await(ctx context.Context, log []string, ledger string, patience time.Duration) (Result, error) {
	lastArrival := time.Now()
	delivered := -1
	for {
		deliveries, err := ReadLedger(ledger)
		if err != nil {
			return Result{}, err
		}
		result := Compare(log, deliveries)
		if result.Delivered > delivered {
			delivered, lastArrival = result.Delivered, time.Now()
		}
		if len(result.Missing) == 0 || time.Since(lastArrival) > patience {
			return result, nil
		}
		timer := time.NewTimer(lookInterval)
		select {
		case <-ctx.Done():
			timer.Stop()
			return result, nil
		case <-timer.C:
		}
	}
}
