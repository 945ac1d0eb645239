package vcenter

import (
	"context"
	"slices"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// lookAgain is how long after a page a stream looks whether it may share an older reader.
const lookAgain = 20 * time.Millisecond

// Listener is a reader of history for one stream, by a reading that others may share. It is used by one goroutine.
type Listener struct {
	member *Member
	start  time.Time // what was created before is not wanted
	shares bool      // it has joined a reading that others have begun
	done   []doneBefore

	settled time.Time   // until when history was settled for the stream when it joined a reading for which it was not
	clock   event.Clock // at that time

	// Shared.mu guards these.
	reading *reading
	needs   int             // number of the page that is read, or in use
	given   bool            // it is in use
	behind  *event.Position // where it was put off; nil while it is not
}

// Next is that of Reader.
func (l *Listener) Next(ctx context.Context) (event.Page, error) {
	l.release()
	l.move(ctx)
	for {
		turn := l.take()
		switch {
		case turn.err != nil:
			return event.Page{}, turn.err
		case turn.behind != nil:
			l.giveUpSource(l.reading)
			if err := l.open(ctx, *turn.behind); err != nil {
				return event.Page{}, err
			}
			continue
		case turn.came == nil:
			l.leaveOut(&turn.page)
			l.keepSettled(&turn.page)
			return turn.page, nil
		}
		if err := l.wait(ctx, turn.came); err != nil {
			return event.Page{}, err
		}
	}
}

// wait waits for the next page, and looks again for a reading to share when none has come for a moment: the other one may have had
// the last page as well by then.
func (l *Listener) wait(ctx context.Context, came <-chan struct{}) error {
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	for {
		select {
		case <-came:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			if l.move(ctx) {
				return nil
			}
		}
	}
}

// release says that the last page is needed no more.
func (l *Listener) release() {
	s := l.member.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.given {
		l.given = false
		l.needs++
		l.reading.trim()
	}
}

// turn is what there is for a listener: a page, the reason why there are no more, a place to go on from by itself, or something to
// wait for.
type turn struct {
	page   event.Page
	err    error
	behind *event.Position
	came   <-chan struct{}
}

func (l *Listener) take() turn {
	s, r := l.member.shared, l.reading
	s.mu.Lock()
	defer s.mu.Unlock()
	at := l.needs - r.first
	switch {
	case l.behind != nil:
		return turn{behind: l.behind}
	case at < len(r.pages):
		l.given = true
		page := r.pages[at]
		if !r.borrowed || l.shares {
			page.Events = slices.Clone(page.Events) // of which the stream makes what it likes
		}
		return turn{page: page}
	case r.err != nil:
		return turn{err: r.err}
	}
	r.want = max(r.want, l.needs)
	select {
	case r.wanted <- struct{}{}:
	default:
	}
	return turn{came: r.came}
}

// Close is that of Reader. The last listener ends the reading.
func (l *Listener) Close(ctx context.Context) {
	if l.leave() {
		l.reading.end(ctx)
	}
	l.giveUpSource(l.reading)
}

// leave reports whether it was the last one.
func (l *Listener) leave() (last bool) {
	s, r := l.member.shared, l.reading
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.behind != nil {
		return false
	}
	last = r.drop(l)
	r.trim()
	return last
}
