package vcenter

import (
	"context"
	"fmt"
	"time"
)

const pageTimeout = 2 * time.Minute

// feed is a cursor whose next page is read while the caller works on the one before.
type feed struct {
	cursor Cursor
	ahead  *page // nil when none is on its way
}

// page is one that was asked for.
type page struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when items and err are there
	asked  moment
	items  []Item
	err    error
}

// moment is when a page was asked for.
type moment struct {
	theirs time.Time // vCenter's time, or a little before
	ours   time.Time
}

// ask begins to read the next page; it ends at close at the latest.
func (f *feed) ask(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &page{cancel: cancel, done: make(chan struct{}), asked: moment{now, time.Now()}}
	go func() {
		defer close(p.done)
		defer cancel()
		p.items, p.err = readPage(ctx, f.cursor)
	}()
	f.ahead = p
}

// take returns the page that was asked for, or reads one. A page that is still on its way when ctx ends is not lost.
func (f *feed) take(ctx context.Context, now time.Time) (items []Item, asked moment, err error) {
	p := f.ahead
	if p == nil {
		asked = moment{now, time.Now()}
		items, err = readPage(ctx, f.cursor)
		return items, asked, err
	}
	select {
	case <-p.done:
		f.ahead = nil
		return p.items, p.asked, p.err
	case <-ctx.Done():
		return nil, asked, ctx.Err()
	}
}

func (f *feed) close(ctx context.Context) {
	if f == nil {
		return
	}
	if f.ahead != nil {
		f.ahead.cancel()
		<-f.ahead.done
	}
	closeCursor(ctx, f.cursor)
}

func readPage(ctx context.Context, cursor Cursor) ([]Item, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	items, err := cursor.Next(ctx)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return items, nil
}

func closeCursor(ctx context.Context, cursor Cursor) {
	ctx, cancel := Farewell(ctx)
	defer cancel()
	cursor.Close(ctx)
}
