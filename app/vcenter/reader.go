package vcenter

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	pageSize     = 1000 // the most that vCenter returns at once
	pageTimeout  = 2 * time.Minute
	pollInterval = 250 * time.Millisecond
	pollsPerCall = 20 // after that many empty pages Next returns, so that its caller knows that vCenter answers
)

// Reader reads history forward from a position. It is used by one goroutine.
type Reader struct {
	source    *Source
	collector types.ManagedObjectReference
	after     event.Position
	last      event.Gap // where a hole would begin: the last event that was read
	ahead     *ahead    // the page that is read while the caller works on the one before; nil when none is
}

// ahead is a page on its way.
type ahead struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when page and err are there
	page   []item
	err    error
}

// Next returns the next events that are not done yet, in vCenter's order, and begins to read the page after them. It
// returns none after it has asked for a while and vCenter had none. After an error the reader is finished, since the page
// whose answer was lost is gone.
func (r *Reader) Next(ctx context.Context) ([]event.Event, error) {
	for range pollsPerCall {
		page, err := r.take(ctx)
		if err != nil {
			return nil, r.source.failed("read events", err)
		}
		if len(page) > 0 {
			r.readAhead(ctx)
		}
		events, err := r.convert(page)
		if err != nil || len(events) > 0 {
			return events, err
		}
		if len(page) > 0 {
			continue // all of it was done: there may be more at once
		}
		if err := wait(ctx, pollInterval); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// readAhead reads the next page in the background, until Close at the latest.
func (r *Reader) readAhead(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	next := &ahead{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(next.done)
		defer cancel()
		next.page, next.err = r.read(ctx)
	}()
	r.ahead = next
}

// take returns the page that was read ahead, or reads one.
func (r *Reader) take(ctx context.Context) ([]item, error) {
	next := r.ahead
	if next == nil {
		return r.read(ctx)
	}
	select {
	case <-next.done:
		r.ahead = nil
		return next.page, next.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close removes the collector; vCenter allows 32 of them to a session.
func (r *Reader) Close(ctx context.Context) {
	if r.ahead != nil {
		r.ahead.cancel()
		<-r.ahead.done
	}
	if r.source.client == nil {
		return // it went with its session
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := methods.DestroyCollector(ctx, r.source.client, &types.DestroyCollector{This: r.collector})
	if err != nil {
		r.source.log.Debug().Err(err).Msg("collector not removed")
	}
}

func (r *Reader) read(ctx context.Context) ([]item, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	return readPage(ctx, r.source.client, r.collector)
}

// createCollector opens history at begin (the zero time is its beginning). No entity is named: that would leave out the
// events of folders and resource pools.
func createCollector(ctx context.Context, client *vim25.Client, begin time.Time) (types.ManagedObjectReference, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	filter := types.EventFilterSpec{DisableFullMessage: types.NewBool(false)} // unset means: without message
	if !begin.IsZero() {
		filter.Time = &types.EventFilterSpecByTime{BeginTime: &begin}
	}
	answer, err := methods.CreateCollectorForEvents(ctx, client, &types.CreateCollectorForEvents{
		This:   *client.ServiceContent.EventManager,
		Filter: filter,
	})
	if err != nil {
		return types.ManagedObjectReference{}, err
	}
	return answer.Returnval, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
