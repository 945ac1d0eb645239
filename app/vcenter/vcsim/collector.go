package vcsim

import (
	"slices"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

const (
	collectorType   = "EventHistoryCollector"
	maxPageSize     = 1000
	defaultPageSize = 10
)

// collector is a client's EventHistoryCollector: a cursor over the history, and a page of the newest. Its methods are the
// SOAP calls. A read costs what it passes over, never the length of the history.
type collector struct {
	mo.EventHistoryCollector
	selfLocked

	open     func() *history.Cursor // another one with the same filter
	cursor   *history.Cursor
	spec     types.EventFilterSpec
	sessions *sessionTable
	printer  *printer

	mu   sync.Mutex
	page latestPage
}

func newCollector(open func() *history.Cursor, spec types.EventFilterSpec, m *eventManager) *collector {
	c := &collector{open: open, cursor: open(), spec: spec, sessions: m.sessions, printer: m.printer}
	c.Self.Type = collectorType // else the simulator names it after the Go type
	c.Filter = spec
	c.page = latestPage{size: int(either(spec.MaxCount, defaultPageSize))}
	return c
}

// ReadNextEvents returns up to maxCount events after the cursor, oldest first, and moves it behind them.
func (c *collector) ReadNextEvents(_ *simulator.Context, req *types.ReadNextEvents) soap.HasFault {
	if !validPage(req.MaxCount) {
		return &methods.ReadNextEventsBody{Fault_: invalidArgument("maxCount")}
	}
	page, fault := c.printer.page(c.cursor.Next(int(req.MaxCount)), c.spec)
	if fault != nil {
		return &methods.ReadNextEventsBody{Fault_: fault}
	}
	return &nextEventsBody{Res: page}
}

// ReadPreviousEvents returns up to maxCount events before the cursor, newest first, and moves it before them.
func (c *collector) ReadPreviousEvents(_ *simulator.Context, req *types.ReadPreviousEvents) soap.HasFault {
	if !validPage(req.MaxCount) {
		return &methods.ReadPreviousEventsBody{Fault_: invalidArgument("maxCount")}
	}
	page, fault := c.printer.page(c.cursor.Previous(int(req.MaxCount)), c.spec)
	if fault != nil {
		return &methods.ReadPreviousEventsBody{Fault_: fault}
	}
	return &previousEventsBody{Res: page}
}

// RewindCollector moves the cursor before the oldest event.
func (c *collector) RewindCollector(*simulator.Context, *types.RewindCollector) soap.HasFault {
	c.cursor.Rewind()
	return &methods.RewindCollectorBody{Res: new(types.RewindCollectorResponse)}
}

// ResetCollector moves the cursor before the oldest event of the latest page.
func (c *collector) ResetCollector(*simulator.Context, *types.ResetCollector) soap.HasFault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cursor.End()
	c.cursor.Previous(c.page.size)
	return &methods.ResetCollectorBody{Res: new(types.ResetCollectorResponse)}
}

// SetCollectorPageSize sets the size of latestPage; the cursor stays.
func (c *collector) SetCollectorPageSize(_ *simulator.Context, req *types.SetCollectorPageSize) soap.HasFault {
	if !validPage(req.MaxCount) {
		return &methods.SetCollectorPageSizeBody{Fault_: invalidArgument("maxCount")}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.page = latestPage{size: int(req.MaxCount)}
	return &methods.SetCollectorPageSizeBody{Res: new(types.SetCollectorPageSizeResponse)}
}

// DestroyCollector removes the collector from its session.
func (c *collector) DestroyCollector(ctx *simulator.Context, _ *types.DestroyCollector) soap.HasFault {
	ctx.Session.Remove(ctx, c.Self)
	c.sessions.drop(ctx.Session.Key, c)
	return &methods.DestroyCollectorBody{Res: new(types.DestroyCollectorResponse)}
}

// Get returns the properties; the property collector calls it. From the first time on changes of latestPage are told.
func (c *collector) Get() mo.Reference {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.page.update(c.open)
	properties := c.EventHistoryCollector
	properties.LatestPage = c.latest()
	return &properties
}

// news returns the latest page if it changed since news last did. A page that nobody has ever read costs nothing.
func (c *collector) news() ([]types.BaseEvent, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.page.cursor == nil {
		return nil, false
	}
	c.page.update(c.open)
	if !c.page.tell() {
		return nil, false
	}
	return c.latest(), true
}

// latest renders the page newest first, as the simulator does; vCenter promises no order.
func (c *collector) latest() []types.BaseEvent {
	events := render(c.page.rows, c.spec)
	slices.Reverse(events)
	return events
}

func validPage(maxCount int32) bool { return maxCount >= 1 && maxCount <= maxPageSize }
