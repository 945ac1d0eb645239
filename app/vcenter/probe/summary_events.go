package probe

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (r *Report) speedLines() []line {
	var lines []line
	for _, s := range r.Speed {
		lines = append(lines, line{"pages of " + strconv.Itoa(int(s.PageSize)), fmt.Sprintf(
			"%s in the median of %s, %s to %s; %.0f bytes an event", span(s.MedianMs), count(s.Pages, "page"), span(s.LeastMs), span(s.MostMs), s.BytesPerEvent)})
	}
	return lines
}

func (r *Report) historyLine() []line {
	if r.Oldest == nil {
		return nil
	}
	age := r.Started.Sub(*r.Oldest)
	if age < 48*time.Hour {
		return one("history", "goes back %s", age.Round(time.Minute))
	}
	return one("history", "goes back %.1f days", age.Hours()/24)
}

func (r *Report) orderLine() []line {
	o := r.Order
	if o == nil {
		return nil
	}
	return one("order", "of %d events read, %d had a lower key and %d an earlier time (by %s at most) than the one before; "+
		"%s of keys, %d missing; times have %d digits after the second",
		o.Events, o.KeysBack, o.TimesBack, span(o.FarthestBackMs), count(o.Gaps, "gap"), o.Missing, o.TimeDigits)
}

func (r *Report) beginLine() []line {
	b := r.BeginTime
	if b == nil {
		return nil
	}
	says := "inclusive, exact to the microsecond"
	switch {
	case !b.Exactly && b.Truncated:
		says = "exclusive, or rounded up: a span that begins at an event's time does not hold it"
	case !b.Exactly:
		says = "an event was not found again, even from the second before: no conclusion"
	case b.Second:
		says = "coarser than a second: an event of a second before is returned"
	case b.Millisecond:
		says = "inclusive, cut to the second or nearly: an event of a millisecond before is returned"
	case b.Microsecond:
		says = "inclusive, exact to the millisecond or nearly"
	}
	return one("beginTime", "%s", says)
}

func (r *Report) holeLine() []line {
	v := r.Visibility
	if v == nil {
		return nil
	}
	switch v.Verdict {
	case SeenAll:
		return one("visibility", "everything up to latestEvent can be read")
	case SeenLater:
		return one("visibility", "latestEvent could be read %s later", span(*v.WaitedMs))
	case SeenNot:
		return one("visibility", "pages are empty though latestEvent is newer, for %s: this account may not see everything", span(*v.WaitedMs))
	default:
		return one("visibility", "not known: there is no latestEvent to compare with, or too much to read")
	}
}

func (r *Report) byKeyLine() []line {
	if r.ByKey == nil {
		if r.About == nil || r.Failed["byKey"] != "" {
			return nil
		}
		return one("by id", "this vCenter cannot read by event id; 9.0 and later can")
	}
	var parts []string
	for _, q := range r.ByKey.Queries {
		parts = append(parts, q.String())
	}
	return one("by id", "%s", strings.Join(parts, "; "))
}

// String is the query with its answer in a few words.
func (q Query) String() string {
	order := ""
	switch {
	case q.Fault != "":
		return q.What + ": refused (" + q.Fault + ")"
	case q.Ascending:
		order = ", ascending"
	case q.Descending:
		order = ", descending"
	case q.Events > 1:
		order = ", in no order"
	}
	if q.Events == 0 {
		return q.What + ": nothing"
	}
	return fmt.Sprintf("%s: %s from %d to %d%s", q.What, count(q.Events, "event"), q.First, q.Last, order)
}

func (r *Report) burstLine() []line {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.BurstFilter)) {
		parts = append(parts, fmt.Sprintf("%d %s", r.BurstFilter[name], strings.TrimPrefix(name, "com.vmware.vc.")))
	}
	switch {
	case parts != nil:
		return one("burst filter", "has held events back: %s", strings.Join(parts, ", "))
	case r.Order == nil:
		return nil
	default:
		return one("burst filter", "nothing of it in what was read")
	}
}

func (r *Report) watchLines() []line {
	w := r.Watch
	if w == nil {
		return nil
	}
	lines := one("live", "%s in %.0f s; late: %d with a lower key, %d with an earlier time, %d that only a second collector found%s",
		count(w.Events, "event"), w.Seconds, w.LowerKey, w.OlderTime, w.Behind, lateness(w))
	if w.LatestMoves > 0 {
		lines = append(lines, one("latestEvent", "moved %s: the event could be read at once %s, later %s%s, by a second collector only %s, not at all %s",
			count(w.LatestMoves, "time"), count(w.AtOnce, "time"), count(w.Delayed, "time"), delay(w), count(w.PassedBy, "time"), count(w.Never, "time"))...)
	}
	return lines
}

func lateness(w *Watch) string {
	if w.LowerKey+w.OlderTime+w.Behind == 0 {
		return ""
	}
	return ", " + span(w.MostLateMs) + " after their time at most"
}

func delay(w *Watch) string {
	if w.Delayed == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s in the median, %s at most)", span(w.MedianDelayMs), span(w.MostDelayMs))
}
