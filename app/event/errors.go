package event

import "errors"

// Errors of a checkpoint store on which a stream decides.
var (
	// ErrFenced means that another owner has taken the stream: whoever gets it stops at once and writes nothing more.
	ErrFenced = errors.New("another relay has taken over this stream")

	// ErrHeld means that another owner has the stream, and its lease lasts.
	ErrHeld = errors.New("another relay has this stream")

	// ErrDamaged means that a stored position cannot be read. It is never taken for "no position": that would skip
	// everything since. The stream stops until somebody decides.
	ErrDamaged = errors.New("stored position is damaged")
)
