package vcsim

import (
	"context"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// updatePause joins the updates of a burst. The simulator's property collector looks every 20 ms, so a shorter one
// would be work for nobody.
const updatePause = 20 * time.Millisecond

// notifier tells waiting property collectors that latestEvent or a latestPage has changed.
type notifier struct {
	service  *simulator.Service
	log      *history
	sessions *sessionTable
}

// run tells of changes until ctx ends.
func (n *notifier) run(ctx context.Context) error {
	told := 0
	for {
		changes := n.log.changes()
		if v := n.log.view(); v.len() != told {
			n.tell(v)
			told = v.len()
		}
		if !wait(ctx, changes) {
			return nil
		}
		if !wait(ctx, time.After(updatePause)) {
			return nil
		}
	}
}

func (n *notifier) tell(v view) {
	manager := mo.EventManager{Self: n.service.Context.Map.EventManager().Self}
	n.update(&manager, "latestEvent", latestEvent(v))
	for _, c := range n.sessions.collectors() {
		if page, changed := c.news(); changed {
			n.update(properties(c), "latestPage", page)
		}
	}
}

// update hands the change to the property collectors. The object is a throw-away: the simulator writes the value
// into it, and ours answer for themselves.
func (n *notifier) update(object mo.Reference, name string, value any) {
	n.service.Context.Map.Update(newContext(n.service), object, []types.PropertyChange{{Name: name, Val: value}})
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
