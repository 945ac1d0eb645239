package vcsim

import (
	"context"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// heraldPause joins the updates of a burst. The simulator's property collector looks every 20 ms, so a shorter one
// would be work for nobody.
const heraldPause = 20 * time.Millisecond

// herald tells waiting property collectors that latestEvent or a latestPage has changed.
type herald struct {
	service *simulator.Service
	log     *history
	desk    *desk
}

// run tells of changes until ctx ends.
func (h *herald) run(ctx context.Context) error {
	told := 0
	for {
		changes := h.log.changes()
		if v := h.log.view(); v.len() != told {
			h.tell(v)
			told = v.len()
		}
		if !wait(ctx, changes) {
			return nil
		}
		if !wait(ctx, time.After(heraldPause)) {
			return nil
		}
	}
}

func (h *herald) tell(v view) {
	manager := mo.EventManager{Self: h.service.Context.Map.EventManager().Self}
	h.update(&manager, "latestEvent", latestEvent(v))
	for _, c := range h.desk.collectors() {
		if page, changed := c.news(); changed {
			h.update(properties(c), "latestPage", page)
		}
	}
}

// update hands the change to the property collectors. The object is a throw-away: the simulator writes the value
// into it, and ours answer for themselves.
func (h *herald) update(object mo.Reference, name string, value any) {
	h.service.Context.Map.Update(newContext(h.service), object, []types.PropertyChange{{Name: name, Val: value}})
}

func properties(c *collector) *mo.EventHistoryCollector {
	return &mo.EventHistoryCollector{HistoryCollector: mo.HistoryCollector{Self: c.Self}}
}

// wait returns false if ctx ended first.
func wait[T any](ctx context.Context, signal <-chan T) bool {
	select {
	case <-ctx.Done():
		return false
	case <-signal:
		return true
	}
}
