package vcenter

import (
	"context"
	"fmt"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	pollLive     = 5 * time.Second        // between reads while vCenter tells of changes
	pollDeaf     = time.Second            // and while it does not
	pollWoken    = 100 * time.Millisecond // after a signal that no event followed yet
	quietPeriod  = 5 * time.Second        // after that long without events Next returns, so that its caller knows that vCenter answers
	clockPeriod  = 30 * time.Second       // how often vCenter is asked for its time
	recycleAfter = time.Hour              // age at which a collector is replaced
)

// Reader reads history forward from a position. It is used by one goroutine.
//
// It has one feed for the events in vCenter's order, and makes sure beside it, each by the means of a scan, that nothing
// was left behind: sweep.go for events that vCenter made visible late, stall.go for feeds that stay empty, purge.go for
// events that vCenter no longer has.
type Reader struct {
	source  *Source
	session Session
	seen    event.Position // what was handed out, or need not be
	feed    *feed
	byKey   bool  // how the feed reads: by key, or by time
	at      int32 // by key: the last that was read, or passed
	scan    *scan

	now   time.Time // vCenter's time when it was last asked, at
	nowAt time.Time // our time; only differences of our times are used

	feedOpened time.Time // our time
	young      bool      // the feed has passed events that were created so recently that others may yet turn up before them
	begin      time.Time // where reading began: nothing before it needs a sweep
	swept      time.Time // our time of the last sweep
	suspect    suspicion
	anchor     anchor
	last       event.Gap // where a hole would begin: the last event that was read
}

func newReader(ctx context.Context, source *Source, after event.Position) (*Reader, error) {
	r := &Reader{source: source, session: source.session, seen: after, begin: after.ReadFrom(), swept: time.Now()}
	r.last.FromKey, r.last.From = after.Key, after.Low
	r.anchor = newAnchor(&after)
	if err := r.tick(ctx); err != nil {
		return nil, err
	}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// open begins a feed where the events that were seen end: by key where vCenter can do that and the keys go on from there,
// else by time.
func (r *Reader) open(ctx context.Context) error {
	newest, known, err := r.latest(ctx)
	if err != nil {
		return err
	}
	after, found := r.seen.KeyToReadFrom()
	if found && known && r.session.CanOpenAfter() && newest.Key-after >= 0 && newest.Key >= 0 {
		r.at = after
		r.replace(ctx, r.session.OpenAfter(after), true)
		return nil
	}
	return r.openAt(ctx, r.seen.ReadFrom())
}

// openAt begins a feed by time.
func (r *Reader) openAt(ctx context.Context, begin time.Time) error {
	cursor, err := r.openSpan(ctx, Span{Begin: begin})
	if err != nil {
		return err
	}
	r.replace(ctx, cursor, false)
	return nil
}

func (r *Reader) replace(ctx context.Context, cursor Cursor, byKey bool) {
	r.feed.close(ctx)
	r.feed, r.byKey, r.feedOpened = &feed{cursor: cursor}, byKey, time.Now()
}

func (r *Reader) openSpan(ctx context.Context, span Span) (Cursor, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	cursor, err := r.session.OpenSpan(ctx, span)
	if err != nil {
		return nil, fmt.Errorf("open event history: %w", err)
	}
	return cursor, nil
}

func (r *Reader) latest(ctx context.Context) (Mark, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	newest, found, err := r.session.Latest(ctx)
	if err != nil {
		return Mark{}, false, fmt.Errorf("ask for the newest event: %w", err)
	}
	return newest, found, nil
}

// Next returns the next events that are not done yet, in vCenter's order but for those that are marked late, and begins
// to read the page after them. It returns none after it has asked for a while and vCenter had none. After an error the
// reader is finished, since the page whose answer was lost is gone. A page is valid until the call of Next after it.
func (r *Reader) Next(ctx context.Context) (event.Page, error) {
	began := time.Now()
	woken := false
	for {
		page, idle, err := r.step(ctx)
		switch {
		case err != nil:
			return event.Page{}, r.source.failed(err)
		case len(page.Events) > 0, !page.Settled.IsZero(), idle && time.Since(began) >= quietPeriod:
			return page, nil
		case !idle:
			continue // there may be more at once
		}
		if woken, err = r.rest(ctx, woken); err != nil {
			return event.Page{}, err
		}
	}
}

// step makes one call or a few: what is due besides reading, or the next page. It reports idle when vCenter had no page.
func (r *Reader) step(ctx context.Context) (page event.Page, idle bool, err error) {
	if err := r.upkeep(ctx); err != nil {
		return event.Page{}, false, err
	}
	if r.scan != nil {
		page, err := r.scanOn(ctx)
		return page, false, err
	}
	items, asked, err := r.feed.take(ctx, r.now)
	if err != nil {
		return event.Page{}, false, err
	}
	if len(items) > 0 {
		r.feed.ask(ctx, r.now)
	}
	events, err := r.accept(items, nil)
	if err != nil {
		return event.Page{}, false, err
	}
	if len(items) > 0 {
		r.at = items[len(items)-1].Key
	} else {
		idle, err := r.doubt(ctx)
		return event.Page{}, idle, err
	}
	return event.Page{Events: events, Settled: r.settledBy(items, asked)}, false, nil
}

// upkeep does what is due by our clock. Only times that differ are compared, so a wrong clock does not matter.
func (r *Reader) upkeep(ctx context.Context) error {
	if time.Since(r.nowAt) >= clockPeriod {
		if err := r.tick(ctx); err != nil {
			return err
		}
		if err := r.verify(ctx); err != nil {
			return err
		}
	}
	if r.scan == nil && time.Since(r.feedOpened) >= recycleAfter {
		if err := r.open(ctx); err != nil {
			return err
		}
	}
	return r.sweepIfDue(ctx)
}

// tick asks for vCenter's time. Where that has gone back, what is created from now on may lie before what was read.
func (r *Reader) tick(ctx context.Context) error {
	now, err := r.source.now(ctx)
	if err != nil {
		return err
	}
	if now.Before(r.now.Add(-time.Second)) {
		r.source.log.Warn().Str("vcenter", r.source.name).Dur("step", r.now.Sub(now)).Msg("vcenter's clock has gone back")
		if settled := now.Add(-event.Overlap); settled.Before(r.seen.Settled) {
			r.seen.Settle(settled)
		}
		r.young = true
	}
	r.now, r.nowAt = now, time.Now()
	return nil
}

// rest waits until there may be something to read.
func (r *Reader) rest(ctx context.Context, woken bool) (wokenNow bool, err error) {
	pause := pollDeaf
	switch {
	case woken:
		pause = pollWoken
	case r.source.news.isLive():
		pause = pollLive
	}
	timer := time.NewTimer(min(pause, clockPeriod-time.Since(r.nowAt)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-r.source.news.changed:
		return true, nil
	case <-timer.C:
		return false, nil
	}
}

// Close removes what the reader holds in vCenter.
func (r *Reader) Close(ctx context.Context) {
	r.feed.close(ctx)
	if r.scan != nil {
		r.scan.close(ctx)
	}
}
