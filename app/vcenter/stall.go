package vcenter

import (
	"context"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	stallAfter = 10 * time.Second // a newest event that was not read for that long is one that reading does not reach
	stallPause = 30 * time.Second // between two attempts to reach one
)

// suspicion is a newest event that the feed has not brought, though it brings no others.
type suspicion struct {
	mark  Mark
	since time.Time // our time; zero without a suspicion
	acted time.Time // our time of the last attempt
	upTo  time.Time // vCenter's time until which the last attempt has looked
	given Mark      // that one could not find: the account may not see it
}

// doubt asks, when the feed has nothing, whether that can be true: an empty page does not mean that there is no newer
// event. It reports idle when there is nothing else to do than to wait.
func (r *Reader) doubt(ctx context.Context, asked moment) (idle bool, err error) {
	newest, known := r.source.news.last()
	switch {
	case !known || newest.Mark == r.suspect.given || r.seen.Done(newest.Key, newest.Created):
		r.suspect.since = time.Time{}
		return r.preferKeys(ctx)
	case r.byKey && asked.ours.Before(newest.at):
		return false, nil // the page says nothing about what came after it was asked for
	case r.byKey:
		return r.doubtKeys(ctx, newest.Mark)
	case r.suspect.since.IsZero() || r.seen.Done(r.suspect.mark.Key, r.suspect.mark.Created):
		r.suspect.mark, r.suspect.since = newest.Mark, time.Now()
		return true, nil
	case time.Since(r.suspect.since) < stallAfter, time.Since(r.suspect.acted) < stallPause:
		return true, nil
	}
	if idle, err := r.preferKeys(ctx); err != nil || !idle { // by key a hole is passed for certain
		return idle, err
	}
	return false, r.passHole(ctx)
}

// preferKeys goes on by key once the events are there that say where, if vCenter can do that.
func (r *Reader) preferKeys(ctx context.Context) (idle bool, err error) {
	if _, found := r.seen.KeyToReadFrom(); r.byKey || r.timed || !found || !r.session.CanOpenAfter() {
		return true, nil
	}
	return false, r.open(ctx)
}

// doubtKeys goes on behind keys that the account cannot see. A page by keys covers PageSize of them, so one that is
// empty proves that none of those can be seen. Where the keys went back, only time goes on.
func (r *Reader) doubtKeys(ctx context.Context, newest Mark) (idle bool, err error) {
	switch ahead := newest.Key - r.at; {
	case newest.Key < 0, ahead < 0 && !newest.Created.Before(r.seen.Low):
		r.timed = true
		return false, r.openAt(ctx, r.seen.ReadFrom())
	case ahead > PageSize:
		r.at += PageSize
		r.replace(ctx, r.session.OpenAfter(r.at), true)
		return false, nil
	default:
		return true, nil
	}
}

// passHole reads on behind events that the account cannot see, by a new collector and then by slices of time.
func (r *Reader) passHole(ctx context.Context) error {
	if err := r.tick(ctx); err != nil {
		return err
	}
	begin := r.seen.ReadFrom()
	if looked := minTime(r.suspect.upTo, r.suspect.mark.Created).Add(-event.Overlap); looked.After(begin) {
		begin = looked
	}
	r.source.log.Warn().Str("vcenter", r.source.name).Int32("newest_key", r.suspect.mark.Key).Int32("key", r.seen.Key).
		Msg("vcenter has newer events and shows none: looking for them behind what the account may not see")
	r.suspect.acted, r.suspect.upTo = time.Now(), r.now
	r.scan = &scan{purpose: passing, times: newTimes(begin, later(r.now, r.suspect.mark.Created), r.suspect.mark)}
	return nil
}

// passed goes on with a feed behind the hole.
func (r *Reader) passed(ctx context.Context, s *scan) error {
	r.suspect.since, r.unproven = time.Time{}, s.times.parts != nil
	if mark := r.suspect.mark; !r.seen.Done(mark.Key, mark.Created) { // also where the scan could not have met it
		r.suspect.given = mark
	}
	begin := s.times.span.End
	if met := s.times.last.Created; !met.IsZero() && s.times.met() {
		begin = met
	}
	r.young = true
	return r.openAt(ctx, begin.Add(-event.FilterPrecision))
}
