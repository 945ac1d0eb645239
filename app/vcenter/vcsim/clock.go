package vcsim

import (
	"sync/atomic"
	"time"
)

// clock is the vCenter's own. It can be stepped, as a badly kept one is.
type clock struct {
	base   func() time.Time
	offset atomic.Int64 // nanoseconds
}

func (c *clock) now() time.Time { return c.base().Add(time.Duration(c.offset.Load())) }

func (c *clock) step(by time.Duration) { c.offset.Add(int64(by)) }
