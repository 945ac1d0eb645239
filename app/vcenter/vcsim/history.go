package vcsim

import (
	"reflect"
	"sort"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// history is the event log in commit order. A position is an index into it. It is safe for concurrent use.
type history struct {
	now func() time.Time

	mu      sync.Mutex
	records []record
	nextKey int32
	sorted  bool          // by time; false once an event was committed late
	changed chan struct{} // closed and replaced by each append
}

// record is one event. The body may be shared between records and is never written to; key, chainId and createdTime
// stand here alone, so that a million events of a few hundred bodies cost 32 bytes each.
type record struct {
	body    types.BaseEvent
	created int64 // microseconds since 1970
	key     int32
	chain   int32
}

// view is the log as it was at one moment. Records are written once, so reading it needs no lock.
type view struct {
	records []record
	sorted  bool
}

func newHistory(now func() time.Time, firstKey int32) *history {
	return &history{now: now, nextKey: firstKey, sorted: true, changed: make(chan struct{})}
}

// append commits an event now. Its time is the clock's, but never before that of the event ahead of it.
func (h *history) append(body types.BaseEvent) record {
	h.mu.Lock()
	defer h.mu.Unlock()
	created := h.now().UnixMicro()
	if n := len(h.records); n > 0 {
		created = max(created, h.records[n-1].created)
	}
	return h.commit(body, created)
}

// appendAt commits an event now that says it was created at another time: history before the start, late commits.
func (h *history) appendAt(body types.BaseEvent, created time.Time) record {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.commit(body, created.UnixMicro())
}

func (h *history) commit(body types.BaseEvent, created int64) record {
	if n := len(h.records); n > 0 && created < h.records[n-1].created {
		h.sorted = false
	}
	added := record{body: body, created: created, key: h.nextKey, chain: h.nextKey}
	h.records = append(h.records, added)
	h.nextKey++ // wraps to negative keys, as vCenter's counter does
	close(h.changed)
	h.changed = make(chan struct{})
	return added
}

// reserve makes room for n more events.
func (h *history) reserve(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records = append(make([]record, 0, len(h.records)+n), h.records...)
}

// view returns the log up to now; it does not grow.
func (h *history) view() view {
	h.mu.Lock()
	defer h.mu.Unlock()
	return view{records: h.records[:len(h.records):len(h.records)], sorted: h.sorted}
}

// changes returns a channel that is closed by the next append.
func (h *history) changes() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

func (v view) len() int { return len(v.records) }

// since returns the lowest position that can hold an event created at or after begin.
func (v view) since(begin *time.Time) int {
	if begin == nil || !v.sorted {
		return 0
	}
	from := begin.UnixMicro()
	return sort.Search(v.len(), func(i int) bool { return v.records[i].created >= from })
}

func (r record) createdTime() time.Time { return time.UnixMicro(r.created).UTC() }

// event returns the event as a client sees it: a copy of the body with its own key, chain and time. What the copy
// points to is shared and must not be changed.
func (r record) event() types.BaseEvent {
	body := reflect.ValueOf(r.body).Elem()
	fresh := reflect.New(body.Type())
	fresh.Elem().Set(body)
	event := fresh.Interface().(types.BaseEvent)
	head := event.GetEvent()
	head.Key, head.ChainId, head.CreatedTime = r.key, r.chain, r.createdTime()
	if task, ok := event.(*types.TaskEvent); ok {
		r.stampTask(&task.Info)
	}
	return event
}

// stampTask fills what a shared TaskEvent body leaves open because it differs from event to event.
func (r record) stampTask(info *types.TaskInfo) {
	if info.EventChainId == 0 {
		info.EventChainId = r.chain
	}
	if info.QueueTime.IsZero() {
		info.QueueTime = r.createdTime()
	}
}
