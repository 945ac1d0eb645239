package vcenter

import (
	"context"
	"fmt"
	"math"
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
	mostTold     = 512                    // places that a reader remembers to have announced
	mostStepAway = 2 * time.Hour          // of vCenter's clock while nobody looked: what seems to be more is rather ours, or another host's, that is wrong
	keyAlert     = math.MaxInt32 / 5 * 4  // key above which an operator is warned
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
	timed   bool  // the feed reads by time because keys did not go on
	scan    *scan

	now   time.Time // vCenter's time when it was last asked, at
	nowAt time.Time // our time; only differences of our times are used

	hold   time.Duration // how far vCenter's clock went forward against ours, and
	heldAt time.Time     // our time when that was seen
	twice  time.Time     // until when it shows times that it has shown before, when it went far back

	feedOpened time.Time // our time
	feedBegin  time.Time // vCenter's time from which on the feed was to read
	young      bool      // the feed has passed events that were created so recently that others may yet turn up before them
	begin      time.Time // where reading began: nothing before it needs a sweep
	swept      time.Time // our time of the last sweep
	suspect    suspicion
	unproven   bool // the feed began behind a hole that was passed by slices of time
	anchor     anchor
	reach      time.Time       // the latest createdTime that the feed has brought
	top        int32           // the highest key of this epoch that was handed out
	resumed    Mark            // the last event that was done when reading began: it need not be one that is asked for now
	last       event.Gap       // where a hole would begin: the last event that was read
	opened     time.Time       // until where history was settled when reading began, as long as no event came
	told       map[string]bool // places of what was announced and may be read again
	vague      bool            // what was done is not all in a position: something was announced that has no key, or a clock went far back
}

func newReader(ctx context.Context, source *Source, after event.Position) (*Reader, error) {
	r := &Reader{source: source, session: source.session, seen: after, swept: time.Now(), reach: after.Low, top: after.HighestKey()}
	settleStart(&r.seen)
	if err := r.tick(ctx); err != nil { // may find that vCenter's clock has gone back meanwhile
		return nil, err
	}
	r.begin, r.resumed = r.seen.ReadFrom(), Mark{Key: after.Key, Created: after.Low}
	r.last.FromKey, r.last.From = after.Key, after.Low
	if after.Key > keyAlert {
		source.log.Warn().Str("vcenter", source.name).Int32("key", after.Key).
			Msg("vcenter's counter of event keys is near its end; some versions fall silent there (config.vpxd.event.maxEventId)")
	}
	r.anchor, r.opened = newAnchor(&after), r.seen.Settled
	intact, err := r.intact(ctx)
	if err != nil {
		return nil, err
	}
	r.anchor.wanted = r.anchor.wanted && !intact
	if err := r.openWhere(ctx, intact); err != nil {
		return nil, err
	}
	return r, nil
}

// settleStart settles a position of which nothing is settled: what lies before is not wanted, or done.
func settleStart(p *event.Position) {
	if p.Settled.IsZero() {
		p.Settle(later(p.ReadFrom(), time.Unix(0, 0).UTC()))
	}
}

// open begins a feed where the events that were seen end: by key where vCenter can do that, else by time.
func (r *Reader) open(ctx context.Context) error {
	intact, err := r.intact(ctx)
	if err != nil {
		return err
	}
	return r.openWhere(ctx, intact)
}

// intact tells whether vCenter has the last event that was done. If it was restored from a backup since, it gives out keys
// again, and may have come past the last one by now. It looks among all events: others may have been asked for when the position
// was stored.
func (r *Reader) intact(ctx context.Context) (bool, error) {
	if r.seen.Low.IsZero() {
		return false, nil
	}
	return r.has(ctx, Mark{Key: r.seen.Key, Created: r.seen.Low}, true)
}

func (r *Reader) openWhere(ctx context.Context, intact bool) error {
	after, found := r.seen.KeyToReadFrom()
	r.timed = r.timed || found && !intact
	if !found || r.timed || !r.session.CanOpenAfter() {
		return r.openAt(ctx, r.seen.ReadFrom())
	}
	r.at, r.feedBegin = after, r.seen.ReadFrom()
	r.replace(ctx, r.session.OpenAfter(after), true)
	return nil
}

// openAt begins a feed by time.
func (r *Reader) openAt(ctx context.Context, begin time.Time) error {
	cursor, err := r.openSpan(ctx, Span{Begin: begin})
	if err != nil {
		return err
	}
	r.feedBegin = begin
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

// ask learns the newest event, for a vCenter that does not tell of it, or has ceased to.
func (r *Reader) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	newest, found, err := r.session.Latest(ctx)
	if err != nil {
		return fmt.Errorf("ask for the newest event: %w", err)
	}
	if found {
		r.source.news.learn(newest)
	}
	return nil
}

// Next returns the next events that are not done yet, in vCenter's order but for those that are marked late, and begins
// to read the page after them. It returns none after it has asked for a while and vCenter had none. After an error the
// reader is finished, since the page whose answer was lost is gone. A page is valid until the call of Next after it.
func (r *Reader) Next(ctx context.Context) (event.Page, error) {
	began := time.Now()
	woken := false
	for {
		events, idle, err := r.step(ctx)
		switch {
		case err != nil:
			return event.Page{}, r.source.failed(ctx, err)
		case len(events) > 0, idle && time.Since(began) >= quietPeriod:
			return event.Page{Events: events, Settled: r.seen.Settled, Clock: r.seen.Clock}, nil
		case !idle:
			continue // there may be more at once
		}
		if woken, err = r.rest(ctx, woken); err != nil {
			return event.Page{}, err
		}
	}
}

// step makes one call or a few: what is due besides reading, or the next page. It reports idle when vCenter had no page.
func (r *Reader) step(ctx context.Context) (events []event.Event, idle bool, err error) {
	if err := r.upkeep(ctx); err != nil {
		return nil, false, err
	}
	if r.scan != nil {
		events, err := r.scanOn(ctx)
		return events, false, err
	}
	items, asked, err := r.feed.take(ctx, r.now)
	if err != nil {
		return nil, false, err
	}
	if len(items) == 0 {
		idle, err := r.doubt(ctx, asked)
		return nil, idle, err
	}
	if r.byKey && r.foreign(items) {
		r.timed = true
		return nil, false, r.openAt(ctx, r.seen.ReadFrom())
	}
	if r.reach.IsZero() {
		if err := r.checkOrder(ctx, items); err != nil {
			return nil, false, err
		}
	}
	r.feed.ask(ctx, r.now)
	if events, err = r.accept(items, nil); err != nil {
		return nil, false, err
	}
	r.at = LastKey(items, r.at)
	r.settleBy(items, asked)
	return events, false, nil
}

// checkOrder asks, before the very first event is handed out, whether vCenter has older ones: where collectors order by key
// and keys have wrapped, the newest come first. Then history is settled by sweeps only.
func (r *Reader) checkOrder(ctx context.Context, items []Item) error {
	first := neighbour(items, 0, 1)
	if first == nil {
		return nil
	}
	cursor, err := r.openSpan(ctx, Span{Begin: r.feedBegin, End: first.Created.Add(-event.FilterPrecision)})
	if err != nil {
		return err
	}
	defer closeCursor(ctx, cursor)
	older, err := readPage(ctx, cursor)
	r.young = r.young || len(older) > 0
	return err
}

// foreign tells whether a feed by key brings history from before the place where it began as if it followed: the keys from
// before a wrap lie above those that are given out now.
func (r *Reader) foreign(items []Item) bool {
	for i := range items {
		if item := &items[i]; hasHeader(item) && item.Key-r.top > 0 && item.Created.Before(r.feedBegin) {
			return true
		}
	}
	return false
}

// upkeep does what is due by our clock. Only times that differ are compared, so a wrong clock does not matter.
func (r *Reader) upkeep(ctx context.Context) error {
	if away := time.Since(r.nowAt); away >= clockPeriod {
		if err := r.tick(ctx); err != nil {
			return err
		}
		if err := r.verify(ctx, away); err != nil {
			return err
		}
		if err := r.ask(ctx); err != nil {
			return err
		}
	}
	if r.scan == nil && time.Since(r.feedOpened) >= recycleAfter {
		r.timed = false
		if err := r.open(ctx); err != nil {
			return err
		}
	}
	return r.sweepIfDue(ctx)
}

// tick asks for vCenter's time, and sees how its clock went since it was asked before, by whatever process.
func (r *Reader) tick(ctx context.Context) error {
	now, err := r.source.now(ctx)
	if err != nil {
		return err
	}
	clock := event.Clock{Theirs: now, Ours: time.Now().UTC()}
	if !r.seen.Clock.Ours.IsZero() {
		r.stepped(clock.Step(r.seen.Clock), now)
	}
	r.seen.Clock = clock
	r.now, r.nowAt = now, time.Now()
	return nil
}

// stepped is told how far vCenter's clock went forward against ours, or back. Where it went back, what was created since may
// lie before what was read, and by as much before what was settled.
func (r *Reader) stepped(by time.Duration, now time.Time) {
	switch {
	case by > time.Second:
		r.hold, r.heldAt = r.held()+by, time.Now()
	case by < -time.Second:
		r.source.log.Warn().Str("vcenter", r.source.name).Dur("step", -by).Msg("vcenter's clock has gone back")
		if r.nowAt.IsZero() {
			by = max(by, -mostStepAway)
		}
		r.seen.Settle(r.seen.Settled.Add(by))
		if by < -event.Overlap {
			r.twice = later(r.twice, now.Add(-by))
		}
		if r.scan != nil {
			r.scan.settles = r.scan.settles.Add(by)
		}
		r.young, r.suspect.upTo = true, time.Time{}
		r.vague = r.vague || by < -event.Overlap/2
	}
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
