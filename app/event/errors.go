package event

import "errors"

// DamagedError says which stored position cannot be read. It is an ErrDamaged.
type DamagedError struct {
	Record string // store and key
	Copy   string // key under which its text is kept; empty where that failed
	Digest string // of its text, 8 hex digits
	Err    error  // what is wrong with it
}

func (e *DamagedError) Error() string {
	return ErrDamaged.Error() + ": " + e.Record + ": " + e.Err.Error()
}

// Unwrap makes it an ErrDamaged.
func (e *DamagedError) Unwrap() []error { return []error{ErrDamaged, e.Err} }

// Errors on which a stream decides.
var (
	// ErrFenced means that another owner has taken the stream: whoever gets it stops at once and writes nothing more.
	ErrFenced = errors.New("another relay has taken over this stream")

	// ErrHeld means that another owner has the stream, and its lease lasts.
	ErrHeld = errors.New("another relay has this stream")

	// ErrReplaced means that another vCenter answers at the address of this one. The stream ends; that one has a history of its own.
	ErrReplaced = errors.New("another vCenter answers there")

	// ErrDamaged means that a stored position cannot be read. It is never taken for "no position": that would skip
	// everything since. The stream waits until somebody has decided.
	ErrDamaged = errors.New("stored position is damaged")
)
