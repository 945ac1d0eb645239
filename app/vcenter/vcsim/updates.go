package vcsim

import (
	"context"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// updatePause joins the updates of a burst. The simulator's property collector looks every 20 ms, so a shorter one
// would be work for nobody.
const updatePause = 20 * time.Millisecond

// notifier tells waiting property collectors that latestEvent or a latestPage has changed.
type notifier struct {
	service  *simulator.Service
	log      *history.Database
	sessions *sessionTable
	told     history.Row
}

// run tells of changes until ctx ends.
func (n *notifier) run(ctx context.Context) error {
	for {
		changes := n.log.Changes()
		n.tell()
		if !wait(ctx, changes) {
			return nil
		}
		if !wait(ctx, time.After(updatePause)) {
			return nil
		}
	}
}

func (n *notifier) tell() {
	if latest, ok := n.log.Latest(); ok && latest != n.told {
		n.told = latest
		n.tellLatest(eventOf(&latest))
	}
	for _, c := range n.sessions.collectors() {
		if page, changed := c.news(); changed {
			n.update(properties(c), "latestPage", page)
		}
	}
}

func (n *notifier) tellLatest(event types.BaseEvent) {
	manager := &mo.EventManager{Self: n.service.Context.Map.EventManager().Self}
	n.update(manager, latestEvent, event)
	for collector, paths := range n.sessions.watchers() {
		var changes []types.PropertyChange
		for _, path := range paths {
			if value := headField(event.GetEvent(), path); value != nil {
				changes = append(changes,
					types.PropertyChange{Name: path, Op: types.PropertyChangeOpAssign, Val: value})
			}
		}
		collector.UpdateObject(newContext(n.service), manager, changes)
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
