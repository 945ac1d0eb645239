package vcenter

import (
	"context"
	"errors"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// PageSize is the most events that vCenter returns at once.
const PageSize = 1000

// ErrSessionEnded is wrapped by the error of any call in a login session that vCenter no longer knows.
var ErrSessionEnded = errors.New("login session has ended")

// Dial logs in. An error may be of a kind that only a person can mend; see package vim.
type Dial func(ctx context.Context) (Session, error)

// Session is what a stream does in a login session of one vCenter, its own or one that it shares: the few calls that reading
// history takes. Package vim makes them over SOAP. Calls may be made side by side.
type Session interface {
	// Origin says which vCenter it is.
	Origin() *event.Origin

	// Now is vCenter's own time.
	Now(ctx context.Context) (time.Time, error)

	// Latest is the newest event that vCenter tells of, found false when there is none. It may be one that the account
	// cannot read.
	Latest(ctx context.Context) (newest Mark, found bool, err error)

	// Watch calls changed with the newest event, at once if there is one and then whenever there is a newer one, until
	// ctx ends or watching fails. It is a signal to read, and events may be joined in it. A zero mark stands for an event
	// that could not be made out.
	Watch(ctx context.Context, changed func(Mark)) error

	// OpenSpan returns a cursor before the oldest event of a span of time. It occupies one of the 32 collectors of a login session
	// until it is closed.
	OpenSpan(ctx context.Context, span Span) (Cursor, error)

	// OpenAfter returns a cursor on the events with keys above after, of which none may be negative. It costs vCenter
	// nothing. vCenter before 9.0 cannot do it: see CanOpenAfter.
	OpenAfter(after int32) Cursor

	// CanOpenAfter tells whether vCenter can read by key.
	CanOpenAfter() bool

	// Close logs out, or gives up its share of a login that others use. It is called once, also when vCenter has ended the session:
	// then it asks vCenter for nothing.
	Close(ctx context.Context)
}

// Cursor reads history forward. It is used by one goroutine at a time.
type Cursor interface {
	// Next returns the next events, at most PageSize, in vCenter's order. None means that there is none now, or that the
	// account cannot see those that come next. After an error the cursor must not be used again: vCenter may have moved
	// on past a page that never arrived.
	//
	// What it returns is valid until the call of Next after the next one.
	Next(ctx context.Context) ([]Item, error)

	// Close frees what the cursor holds in vCenter. It is called once, also after an error.
	Close(ctx context.Context)
}

// Mark names an event by what identifies it within a vCenter.
type Mark struct {
	Key     int32
	Created time.Time
}

// Span is a stretch of time with both ends included, open where one is zero.
type Span struct {
	Begin, End time.Time
	All        bool // also events that the session does not ask for otherwise
}

// Item is one event of a page, or why it could not be read.
type Item struct {
	vimjson.Event
	Err error
}
