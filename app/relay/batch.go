package relay

import (
	"iter"

	"github.com/vcrelay/vcrelay/app/event"
)

// maxBatchEvents is where larger bulk requests stop paying: a batch of 1,000 is hardly faster through a sidecar.
const maxBatchEvents = 100

// maxBatchBytes keeps a bulk request well below the sidecar's default limit of 4 MiB for one gRPC message, with room
// for the attributes around the data.
const maxBatchBytes = 2 << 20

// batches cuts a page into runs of events that may be published at the same time: no two of one entity, at most
// maxBatchEvents, at most maxBatchBytes of data (or one event that is larger alone). Events keep their order.
func batches(page []event.Event) iter.Seq[[]event.Event] {
	return func(yield func([]event.Event) bool) {
		for len(page) > 0 {
			n := batchLength(page)
			if !yield(page[:n:n]) {
				return
			}
			page = page[n:]
		}
	}
}

func batchLength(page []event.Event) int {
	entities := make(map[event.Ref]struct{}, maxBatchEvents)
	bytes := 0
	for i := range page {
		e := &page[i]
		_, repeated := entities[e.Entity]
		bytes += len(e.Data)
		if i > 0 && (i == maxBatchEvents || bytes > maxBatchBytes || repeated) {
			return i
		}
		if e.Entity.Value != "" { // an event without an entity has no order to keep
			entities[e.Entity] = struct{}{}
		}
	}
	return len(page)
}
