package vcsim

import (
	"math"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// Readings say which reading of the documentation the simulated vCenter follows where it says little or nothing;
// docs/vcenter-assumptions.md has them all. The zero value is the default of each.
type Readings struct {
	Order         history.Order // in which a collector reads
	StuckInHole   bool          // a page of events that the account may not see leaves the collector where it is
	LatestHidden  bool          // latestEvent may be one that the account may not see
	PathsRefused  bool          // latestEvent is to be had as a whole only: no latestEvent.key
	TimePrecision time.Duration // to which the ends of a time filter are cut; 0: to the microsecond
	MaxKey        int32         // the last key before the counter wraps; 0: 2147483647
	WrapTo        int32         // where it goes on then; 0: -2147483648
	LiveBurst     bool          // an open collector reads what the burst filter keeps out of the database
}

// ParseReadings reads name=value,name=value. An empty text is the zero value.
//
//	order=time|key|commit    hole=moves|stuck    latest=visible|hidden    precision=1s
//	max-key=2147480000       wrap=negative|one   burst=stored|live
//	paths=served|refused
func ParseReadings(text string) (Readings, error) {
	if text == "" {
		return Readings{}, nil
	}
	a, err := parseArguments(text)
	if err != nil {
		return Readings{}, err
	}
	r := Readings{
		Order: map[string]history.Order{
			"time": history.ByTime, "key": history.ByKey, "commit": history.ByCommit,
		}[a.choice("order", "time", "key", "commit")],
		StuckInHole:   a.choice("hole", "moves", "stuck") == "stuck",
		LatestHidden:  a.choice("latest", "visible", "hidden") == "hidden",
		PathsRefused:  a.choice("paths", "served", "refused") == "refused",
		TimePrecision: a.duration("precision", 0),
		MaxKey:        a.key("max-key", math.MaxInt32),
		LiveBurst:     a.choice("burst", "stored", "live") == "live",
	}
	if a.choice("wrap", "negative", "one") == "one" {
		r.WrapTo = 1
	}
	return r, a.err()
}

// history are the options of the database.
func (c Config) history(now func() time.Time) history.Options {
	r := c.Readings
	return history.Options{
		Clock: now, FirstKey: c.FirstKey, MaxKey: r.MaxKey, WrapTo: r.WrapTo,
		Order: r.Order, StuckInHole: r.StuckInHole, LatestHidden: r.LatestHidden, TimePrecision: r.TimePrecision,
	}
}
