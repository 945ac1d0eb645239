package probe

import (
	"fmt"
	"strconv"
	"strings"
)

func (r *Report) aboutLine() []line {
	if r.About == nil {
		return nil
	}
	return one("vCenter", "%s, API %s, build %s", r.About.Version, r.About.APIVersion, r.About.Build)
}

func (r *Report) clockLine() []line {
	if r.Clock == nil {
		return nil
	}
	direction := "ahead of"
	ahead := r.Clock.AheadMs
	if ahead < 0 {
		direction, ahead = "behind", -ahead
	}
	return one("clock", "%s %s this machine's, give or take %s", span(ahead), direction, span(r.Clock.RoundTripMs/2))
}

func (r *Report) limitLine() []line {
	if r.Manager == nil {
		return nil
	}
	return one("collectors", "a session may have %d", r.Manager.MaxCollector)
}

// keyLine sets the largest key that was seen against the last that vCenter gives out.
func (r *Report) keyLine() []line {
	if r.Order == nil {
		return nil
	}
	limit, source := float64(newest), "the documented limit; vCenter's own cannot be read"
	for _, option := range r.Options {
		if option.Name == maxEventID {
			if n, err := strconv.ParseFloat(fmt.Sprint(option.Value), 64); err == nil && n > 0 {
				limit, source = n, maxEventID
			}
		}
	}
	largest := r.Order.LargestKey
	if r.Manager != nil {
		largest = max(largest, r.Manager.LatestKey)
	}
	return one("keys", "the largest is %d, %.1f %% of %.0f (%s)", largest, 100*float64(largest)/limit, limit, source)
}

func (r *Report) sessionLine() []line {
	for _, option := range r.Options {
		if option.Name == sessionTimeout {
			return one("session", "%s is %v: after that long without a call a login ends", sessionTimeout, option.Value)
		}
	}
	if r.Unreadable == nil {
		return nil
	}
	return one("session", "after how long without a call a login ends cannot be read")
}

func (r *Report) latestLine() []line {
	switch {
	case r.Manager == nil:
		return nil
	case !r.Manager.LatestEvent:
		return one("newest event", "latestEvent is not set: it cannot wake a reader")
	case r.Manager.LatestByPath:
		return one("newest event", "latestEvent is set, its key and time can be had alone: it can wake a reader")
	case r.Manager.LatestTime == nil:
		return one("newest event", "latestEvent is set, of a class that is not known here")
	default:
		return one("newest event", "latestEvent is set, as a whole only: it can wake a reader")
	}
}

func (r *Report) creationLine() []line {
	var parts []string
	for _, c := range r.Creation {
		parts = append(parts, span(c.Ms)+" ("+c.What+")")
	}
	if parts == nil {
		return nil
	}
	return one("new collector", "takes %s", strings.Join(parts, ", "))
}
