package history

import (
	"math"
	"time"
)

// Options describe a database. The zero value of a field is the default stated with it.
type Options struct {
	Clock    func() time.Time // called with the database locked; default time.Now
	FirstKey int32            // key of the first row; default 1
	MaxKey   int32            // the last key before the counter goes on at WrapTo; default 2147483647
	WrapTo   int32            // default -2147483648, what an int32 does; the other reading is 1

	Order         Order
	StuckInHole   bool          // a page of nothing but hidden rows leaves the cursor where it is; false: it moves on
	LatestHidden  bool          // Latest may be a hidden row; false: it is the newest that can be seen
	TimePrecision time.Duration // both ends of a Filter are cut to this, e.g. to the second; 0: to the microsecond
	Hidden        func(*Row) bool
	Burst         *Burst // nil: no burst filter
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.FirstKey == 0 {
		o.FirstKey = 1
	}
	if o.MaxKey == 0 {
		o.MaxKey = math.MaxInt32
	}
	if o.WrapTo == 0 {
		o.WrapTo = math.MinInt32
	}
	return o
}

// after is the key that follows.
func (o *Options) after(key int32) int32 {
	if key == o.MaxKey || key == math.MaxInt32 {
		return o.WrapTo
	}
	return key + 1
}
