package vimjson

import (
	"bytes"
	"runtime/debug"
)

// slabSize is what many small events share, so that there is far less than one allocation to an event.
const slabSize = 64 << 10

// maxFree slabs are kept for later pages, 4 MiB: three times an ordinary page of 1,000 events.
const maxFree = 64

// largeEvent is the size from which on an event is so rare that it may cost a garbage collection, and so large that what it
// leaves behind must not wait for the next one: by default that comes when the heap has doubled.
const largeEvent = 4 << 20

// grow makes room in out for a large event: for a quarter of the limit, and then for all of it. The steps are long because
// the buffer before exists at the same time; what is not used of a new one stays out of memory as a rule.
func (e *emitter) grow() {
	if cap(e.out) > e.limit {
		return // what may come yet is little
	}
	size := e.limit + 8*windowSize
	if len(e.out) < e.limit/8 {
		size = e.limit / 4
	}
	debug.FreeOSMemory() // the buffers before the last
	longer := make([]byte, len(e.out), size)
	copy(longer, e.out)
	e.out = longer
}

// recycle takes the slabs of the last page back, if that was asked for.
func (r *Reader) recycle() {
	if !r.options.Recycle {
		return
	}
	r.free = append(r.free, r.used...)
	if len(r.free) > maxFree {
		clear(r.free[maxFree:])
		r.free = r.free[:maxFree]
	}
	clear(r.used)
	r.slab, r.used = nil, r.used[:0]
	r.emit.out, r.emit.event = nil, Event{}
	if r.markup != nil {
		r.markup.recycle()
	}
	if r.large {
		r.large = false
		debug.FreeOSMemory()
	}
	if cap(r.emit.scratch) > maxTag {
		r.emit.scratch = nil
	}
}

// room is where the next event is written: behind the last one, if enough is left there for most events.
func (r *Reader) room() []byte {
	if cap(r.slab)-len(r.slab) < slabSize/16 {
		r.slab = r.fresh()
	}
	return r.slab[len(r.slab):]
}

func (r *Reader) fresh() []byte {
	n := len(r.free)
	if n == 0 {
		slab := make([]byte, 0, slabSize)
		if r.options.Recycle {
			r.used = append(r.used, slab)
		}
		return slab
	}
	slab := r.free[n-1]
	r.free = r.free[:n-1]
	r.used = append(r.used, slab)
	return slab
}

// own keeps data where it can stay: in the slab, or where append moved it because it is long.
func (r *Reader) own(data []byte) []byte {
	n := len(data)
	switch at := len(r.slab); {
	case cap(data) == cap(r.slab)-at:
		r.slab = r.slab[:at+n]
		return data[:n:n]
	case cap(data) > 2*n:
		return bytes.Clone(data)
	default:
		return data[:n:n]
	}
}
