package vcenter

import (
	"context"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// oldHistory is the age of events above which vCenter may purge what is being read; it keeps them for days at least.
const oldHistory = time.Hour

// anchor ties what is read to what was read before. Where vCenter no longer has the last event that was done, and a reader
// that resumes before it comes across none that it knows, there is a hole.
type anchor struct {
	wanted   bool       // the last event that was done is gone, and no known one was met yet
	verified Mark       // an event that vCenter had at the last look
	purged   *event.Gap // begins at such an event that vCenter no longer had at this one, and ends at the next event
}

func newAnchor(after *event.Position) anchor {
	return anchor{wanted: !after.Low.IsZero() && after.Recent.Len() > 0}
}

// met is told of each event that is read.
func (a *anchor) met(item *Item, known bool) {
	a.wanted = a.wanted && !known
	if a.verified.Created.IsZero() {
		a.verified = Mark{Key: item.Key, Created: item.Created}
	}
}

// hole announces what vCenter no longer has before an event that is new; nil when nothing is known to be missing.
func (a *anchor) hole(r *Reader, item *Item, rewound, wrapped bool) *event.Gap {
	purged := a.purged
	a.purged = nil
	switch {
	case purged != nil:
		purged.ToKey, purged.To = item.Key, item.Created
		return purged
	case rewound && !wrapped: // that announcement says it all
		a.wanted = false
	case a.wanted && item.Created.After(r.seen.Low) && (wrapped || item.Key-r.seen.Key > 0):
		a.wanted = false // also before the very next key: keys that are given out again after a restore may have come as far
		gap := r.sinceSettled(event.Gap{
			Reason:  "vCenter no longer has the last event that was relayed: it has purged its history up to here, or the account sees less than before",
			FromKey: r.last.FromKey, From: r.last.From, ToKey: item.Key, To: item.Created,
		}, r.opened)
		return &gap
	}
	return nil
}

// verify asks now and then, while old history is read, whether vCenter still has the event that was read last at the time
// before. If not, it purges, and events ahead of the feed may have gone as well; the feed begins anew so that the event
// behind the hole is the next one. A reader whose caller was away for long, because the target was, asks before it reads on,
// though it has read nothing since or is in a scan: once the feed has passed the hole nothing tells of it after a crash.
func (r *Reader) verify(ctx context.Context, away time.Duration) error {
	at, last := r.anchor.verified, Mark{Key: r.last.FromKey, Created: r.last.From}
	resting := r.scan != nil || at == last // the feed has read nothing since
	if r.anchor.wanted || at.Created.IsZero() || resting && away < oldHistory {
		return nil
	}
	r.anchor.verified = last
	if r.now.Sub(at.Created) < oldHistory {
		return nil
	}
	found, err := r.has(ctx, at, false)
	if err != nil || found {
		return err
	}
	if r.anchor.purged == nil {
		gap := r.sinceSettled(event.Gap{Reason: "vCenter purged its history while it was read", FromKey: at.Key, From: at.Created}, r.seen.Settled)
		r.anchor.purged = &gap
	}
	return r.openAt(ctx, r.seen.ReadFrom())
}

// has tells whether vCenter has an event, of all or of those that it is asked for.
func (r *Reader) has(ctx context.Context, wanted Mark, ofAll bool) (bool, error) {
	cursor, err := r.openSpan(ctx, Span{Begin: wanted.Created.Add(-event.FilterPrecision), End: wanted.Created.Add(event.FilterPrecision), All: ofAll})
	if err != nil {
		return false, err
	}
	defer closeCursor(ctx, cursor)
	for {
		items, err := readPage(ctx, cursor)
		if err != nil || len(items) == 0 {
			return false, err
		}
		for i := range items {
			if items[i].Key == wanted.Key {
				return true, nil
			}
		}
	}
}
