package relay

import (
	"context"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// Leases are checkpoints that can be renewed without a position.
type Leases interface {
	Checkpoints

	// Renew renews the lease, and stores that there is no position. Its errors are those of Save.
	Renew(ctx context.Context, stream string) error
}

// AtMostOnce is the checkpoints of one stream that stores no position: it has one owner, and each begins as at a first start. What
// happens while no relay runs is lost, and nothing comes twice.
type AtMostOnce struct {
	Leases
	Lease time.Duration

	renewed time.Time
}

// Acquire is Checkpoints. It finds no position.
func (a *AtMostOnce) Acquire(ctx context.Context, stream string) (position event.Position, found bool, err error) {
	a.renewed = time.Time{}
	_, _, err = a.Leases.Acquire(ctx, stream)
	return event.Position{}, false, err
}

// Save is Checkpoints. It writes only now and then, so that the store has little to do.
func (a *AtMostOnce) Save(ctx context.Context, stream string, _ event.Position) error {
	if time.Since(a.renewed) < a.Lease/looksInALease {
		return nil
	}
	began := time.Now()
	if err := a.Renew(ctx, stream); err != nil {
		return err
	}
	a.renewed = began
	return nil
}
