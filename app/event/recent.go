package event

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
)

// Recent is a set of (key, createdTime) pairs, kept small: 64 neighbouring keys share one block with a bit for each
// key and the earliest and latest createdTime among them. A key that comes back with a time outside of its block's
// (a vCenter restored from backup) therefore counts as another event. 180,000 consecutive keys (three minutes of
// 1,000 events/s) take under 64 KiB as text.
//
// The zero Recent is empty and ready to use.
type Recent struct {
	blocks map[int32]block // by key >> 6
	sweep  int             // size at which old blocks are looked for
}

type block struct {
	keys             uint64
	earliest, latest int64 // unix microseconds
}

func (r *Recent) add(key int32, micros int64) {
	if r.blocks == nil {
		r.blocks = make(map[int32]block)
	}
	b, known := r.blocks[key>>6]
	if !known {
		b = block{earliest: micros, latest: micros}
	}
	b.keys |= 1 << (key & 63)
	b.earliest, b.latest = min(b.earliest, micros), max(b.latest, micros)
	r.blocks[key>>6] = b
}

func (r *Recent) has(key int32, micros int64) bool {
	b := r.blocks[key>>6]
	return b.keys&(1<<(key&63)) != 0 && b.earliest <= micros && micros <= b.latest
}

// forgetBefore drops what is older than micros. It looks only when the set has grown by a sixteenth.
func (r *Recent) forgetBefore(micros int64) {
	if len(r.blocks) <= r.sweep {
		return
	}
	maps.DeleteFunc(r.blocks, func(_ int32, b block) bool { return b.latest < micros })
	r.sweep = 64 + len(r.blocks) + len(r.blocks)/16
}

// Len is the number of events that the set holds.
func (r *Recent) Len() int {
	n := 0
	for _, b := range r.blocks {
		n += bits.OnesCount64(b.keys)
	}
	return n
}

func (r *Recent) clone() Recent {
	return Recent{blocks: maps.Clone(r.blocks), sweep: r.sweep}
}

// recentVersion is the first byte of the stored form. Then, for each block in order of its keys: distance to the
// previous block, keys (0 for all 64, else 1 and eight bytes), distance of the earliest time to the previous block's,
// length of its time span; all but the eight bytes as varints.
const recentVersion = 1

// MarshalText encodes the set as base64 text of a compact binary form.
func (r Recent) MarshalText() ([]byte, error) {
	raw := []byte{recentVersion}
	var index, earliest int64
	for _, at := range slices.Sorted(maps.Keys(r.blocks)) {
		b := r.blocks[at]
		raw = binary.AppendVarint(raw, int64(at)-index)
		if b.keys == math.MaxUint64 {
			raw = append(raw, 0)
		} else {
			raw = binary.LittleEndian.AppendUint64(append(raw, 1), b.keys)
		}
		raw = binary.AppendVarint(raw, b.earliest-earliest)
		raw = binary.AppendVarint(raw, b.latest-b.earliest)
		index, earliest = int64(at), b.earliest
	}
	return base64.RawStdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads what MarshalText wrote. Text that is damaged is an error: it must never be taken for an empty set.
func (r *Recent) UnmarshalText(text []byte) error {
	raw, err := base64.RawStdEncoding.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("decode recent events: %w", err)
	}
	if len(raw) == 0 || raw[0] != recentVersion {
		return errors.New("decode recent events: unknown version")
	}
	decoder := recentDecoder{rest: raw[1:]}
	blocks := make(map[int32]block)
	var index, earliest int64
	for len(decoder.rest) > 0 && decoder.err == nil {
		index += decoder.varint()
		keys := decoder.keys()
		earliest += decoder.varint()
		latest := earliest + decoder.varint()
		if int64(int32(index)) != index { //nolint:gosec // the conversion is the check
			return errors.New("decode recent events: key out of range")
		}
		blocks[int32(index)] = block{keys: keys, earliest: earliest, latest: latest} //nolint:gosec // checked above
	}
	*r = Recent{blocks: blocks}
	return decoder.err
}

type recentDecoder struct {
	rest []byte
	err  error
}

func (d *recentDecoder) varint() int64 {
	value, n := binary.Varint(d.rest)
	if n <= 0 {
		d.rest, d.err = nil, errors.New("decode recent events: cut short")
		return 0
	}
	d.rest = d.rest[n:]
	return value
}

func (d *recentDecoder) keys() uint64 {
	if d.tag() == 0 {
		return math.MaxUint64
	}
	if len(d.rest) < 8 {
		d.rest, d.err = nil, errors.New("decode recent events: cut short")
		return 0
	}
	keys := binary.LittleEndian.Uint64(d.rest)
	d.rest = d.rest[8:]
	return keys
}

func (d *recentDecoder) tag() byte {
	if len(d.rest) == 0 {
		d.err = errors.New("decode recent events: cut short")
		return 0
	}
	tag := d.rest[0]
	d.rest = d.rest[1:]
	return tag
}
