package probe

import "time"

// Hasty makes everything that waits 25 times as fast.
func (o Options) Hasty() Options {
	o.tick = 20 * time.Millisecond
	return o
}
