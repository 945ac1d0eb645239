package relay

import (
	"context"

	"github.com/vcrelay/vcrelay/app/event"
)

// Source opens readers on the history of one vCenter.
type Source interface {
	// Open returns a reader of every event that after does not count as done, beginning at the oldest. It may block
	// while it logs in. The reader owns no part of after.
	Open(ctx context.Context, after event.Position) (Reader, error)
}

// Reader reads history forward. It is used by one goroutine.
type Reader interface {
	// Next blocks until there is an event, until it has asked vCenter for a while and there was none (an empty page),
	// until ctx ends, or until reading fails. After any error the reader is finished: close it and open another from
	// the position. It must not be asked again, because vCenter may have moved its cursor past events that never
	// arrived. The page is valid until the call of Next after it.
	Next(ctx context.Context) (event.Page, error)

	// Close frees what the reader holds in vCenter. It is called once, also after an error.
	Close(ctx context.Context)
}

// Publisher hands events to a target.
type Publisher interface {
	// Publish returns nil when the target has acknowledged every event, and an error when it may have missed any: the
	// same events are then published again, so some may arrive twice.
	Publish(ctx context.Context, events []event.Event) error

	// SetAside hands an event that the target refuses for what it is to where dead letters go, with what the target said.
	SetAside(ctx context.Context, e *event.Event, reason string) error
}

// Checkpoints stores one position per stream. A store has many readers and one owner per stream.
type Checkpoints interface {
	// Acquire makes this process the owner of the stream and returns the stored position, or found == false when there
	// is none. While another owner's lease lasts it fails with event.ErrHeld. A position that cannot be read is
	// event.ErrDamaged.
	Acquire(ctx context.Context, stream string) (position event.Position, found bool, err error)

	// Look notes how the stream stands, so that the end of a lease is seen. It returns nil when the stream may be acquired, else
	// the errors of Acquire.
	Look(ctx context.Context, stream string) error

	// Save stores position, and renews the lease. It fails with event.ErrFenced when another owner has acquired the stream since.
	Save(ctx context.Context, stream string, position event.Position) error

	// Release gives the stream back; the position stays.
	Release(ctx context.Context, stream string) error
}

// Members are the replicas that share the streams.
type Members interface {
	// Meet says that this replica lives and can relay so many streams, and returns that number of each replica that lives, its
	// own among them. It is called several times within a third of a lease.
	Meet(ctx context.Context, able int) (all []int, err error)

	// Leave says that this replica ends.
	Leave(ctx context.Context) error
}
