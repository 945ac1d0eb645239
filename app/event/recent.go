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

const maxKey = math.MaxInt32

// Recent is a set of (key, createdTime) pairs, kept small: 64 neighbouring keys share one block with a bit for each
// key and the earliest and latest createdTime among them. Keys that are used again (a vCenter restored from backup) are
// kept apart from those before, see begin, since a shared block would take one for the other. 180,000 consecutive keys
// (three minutes of 1,000 events/s) take under 32 KiB as text.
//
// The zero Recent is empty and ready to use.
type Recent struct {
	epochs []map[int32]block // by key >> 6; the last is the current epoch, none is empty but that
	sweep  int               // size at which old blocks are looked for
}

type block struct {
	keys             uint64
	earliest, latest int64 // unix microseconds
}

// begin starts another epoch.
func (r *Recent) begin() {
	if len(r.epochs) > 0 && len(r.epochs[len(r.epochs)-1]) > 0 {
		r.epochs = append(r.epochs, make(map[int32]block))
	}
}

func (r *Recent) current() map[int32]block {
	if len(r.epochs) == 0 {
		return nil
	}
	return r.epochs[len(r.epochs)-1]
}

// populated is the number of epochs that hold something.
func (r *Recent) populated() int {
	n := 0
	for _, blocks := range r.epochs {
		if len(blocks) > 0 {
			n++
		}
	}
	return n
}

func (r *Recent) add(key int32, micros int64) {
	if len(r.epochs) == 0 {
		r.epochs = []map[int32]block{make(map[int32]block)}
	}
	blocks := r.current()
	b, known := blocks[key>>6]
	if !known {
		b = block{earliest: micros, latest: micros}
	}
	b.keys |= 1 << (key & 63)
	b.earliest, b.latest = min(b.earliest, micros), max(b.latest, micros)
	blocks[key>>6] = b
}

func (r *Recent) has(key int32, micros int64) bool {
	for _, blocks := range r.epochs {
		b := blocks[key>>6]
		if b.keys&(1<<(key&63)) != 0 && b.earliest <= micros && micros <= b.latest {
			return true
		}
	}
	return false
}

// reused tells whether the key stands in the current epoch for an event of another time.
func (r *Recent) reused(key int32, micros int64) bool {
	b := r.current()[key>>6]
	return b.keys&(1<<(key&63)) != 0 && (micros < b.earliest || b.latest < micros)
}

// before is a key of the current epoch below all that may have been created at or after micros, remembered or not: one
// that is missing between two keys was created between them. Found is false where none is known.
func (r *Recent) before(micros int64) (key int32, found bool) {
	if index, found := r.blockBefore(micros); found {
		return index<<6 + int32(bits.Len64(r.current()[index].keys)) - 1, true //nolint:gosec // at most 64
	}
	index, found := r.lowestBlock(micros)
	if !found || r.current()[index].earliest >= micros {
		return 0, false
	}
	return r.lowestOf(index) - 1, true
}

func (r *Recent) lowestOf(index int32) int32 {
	return index<<6 + int32(bits.TrailingZeros64(r.current()[index].keys)) //nolint:gosec // below 64
}

// lowestBlock is the first block with such a key.
func (r *Recent) lowestBlock(micros int64) (index int32, found bool) {
	for at, b := range r.current() {
		if b.latest >= micros && (!found || at < index) {
			index, found = at, true
		}
	}
	return index, found
}

// blockBefore is the one before it.
func (r *Recent) blockBefore(micros int64) (index int32, found bool) {
	lowest, bounded := r.lowestBlock(micros)
	for at := range r.current() {
		if bounded && at < lowest && (!found || at > index) {
			index, found = at, true
		}
	}
	return index, found
}

// highest is the largest key of the current epoch that is no farther from key than a wrap would be. An event from before
// a wrap may have come late.
func (r *Recent) highest(key int32) (highest int32, found bool) {
	var index int32
	for at := range r.current() {
		if distance := at - key>>6; distance < NearWrap>>6 && distance > -NearWrap>>6 && (!found || at > index) {
			index, found = at, true
		}
	}
	if !found {
		return 0, false
	}
	return index<<6 + int32(bits.Len64(r.current()[index].keys)) - 1, true //nolint:gosec // at most 64
}

// gap finds the first missing key of those that may have been created at or after micros, up to the highest. One may be
// missing below the lowest as well, behind the key before it.
func (r *Recent) gap(micros int64) (key int32, found bool) {
	var indexes []int32
	for at, b := range r.current() {
		if b.latest >= micros {
			indexes = append(indexes, at)
		}
	}
	slices.Sort(indexes)
	before, found := r.blockBefore(micros)
	if found {
		indexes = slices.Insert(indexes, 0, before)
	}
	for i, at := range indexes {
		keys := r.current()[at].keys
		switch {
		case i == 0 && found:
			keys |= 1<<(bits.Len64(keys)-1) - 1 // what is missing below its highest is settled
		case i == 0:
			keys |= 1<<bits.TrailingZeros64(keys) - 1 // below the very lowest nothing is known
		case indexes[i-1] != at-1:
			return (indexes[i-1]+1)<<6 - 1, true
		}
		if i == len(indexes)-1 {
			keys |= ^uint64(0) << bits.Len64(keys) // nor above the highest
		}
		if missing := bits.TrailingZeros64(^keys); missing < 64 {
			return at<<6 + int32(missing) - 1, true //nolint:gosec // below 64
		}
	}
	return 0, false
}

// missing counts the keys between two that the current epoch does not have.
func (r *Recent) missing(after, before int32) int {
	n := int(before-after) - 1 // as int32: a wrap may lie between
	for at, b := range r.current() {
		for keys := b.keys; keys != 0; keys &= keys - 1 {
			if key := at<<6 + int32(bits.TrailingZeros64(keys)); key-after > 0 && before-key > 0 { //nolint:gosec // below 64
				n--
			}
		}
	}
	return n
}

// forgetBefore drops what is older than micros, but for the block before the rest: a key that is missing behind it may be
// younger. It looks only when the set has grown by a sixteenth.
func (r *Recent) forgetBefore(micros int64) {
	if r.blocks() <= r.sweep {
		return
	}
	last := len(r.epochs) - 1
	before, found := r.blockBefore(micros)
	kept := r.epochs[:0]
	for i, blocks := range r.epochs {
		maps.DeleteFunc(blocks, func(at int32, b block) bool { return b.latest < micros && (i < last || !found || at != before) })
		if len(blocks) > 0 || i == last {
			kept = append(kept, blocks)
		}
	}
	r.epochs = kept
	size := r.blocks()
	r.sweep = 64 + size + size/16
}

func (r *Recent) blocks() int {
	n := 0
	for _, blocks := range r.epochs {
		n += len(blocks)
	}
	return n
}

// Len is the number of events that the set holds.
func (r *Recent) Len() int {
	n := 0
	for _, blocks := range r.epochs {
		for _, b := range blocks {
			n += bits.OnesCount64(b.keys)
		}
	}
	return n
}

func (r *Recent) clone() Recent {
	clone := Recent{sweep: r.sweep}
	for _, blocks := range r.epochs {
		clone.epochs = append(clone.epochs, maps.Clone(blocks))
	}
	return clone
}

// The first byte of the stored form is its version. Then, for each block in order of its keys: distance to the
// previous block, keys (0 for all 64, 1 and eight bytes, or 2 for the end of an epoch, with nothing after it), distance
// of the earliest time to the previous block's, length of its time span; all but the eight bytes as varints. Version 1
// knew one epoch.
const (
	recentVersion1 = 1
	recentVersion  = 2
)

const (
	allKeys = iota
	someKeys
	endOfEpoch
)

// MarshalText encodes the set as base64 text of a compact binary form.
func (r Recent) MarshalText() ([]byte, error) {
	raw := []byte{recentVersion}
	for i, blocks := range r.epochs {
		if i > 0 {
			raw = append(binary.AppendVarint(raw, 0), endOfEpoch)
		}
		raw = appendBlocks(raw, blocks)
	}
	return base64.RawStdEncoding.AppendEncode(nil, raw), nil
}

func appendBlocks(raw []byte, blocks map[int32]block) []byte {
	var index, earliest int64
	for _, at := range slices.Sorted(maps.Keys(blocks)) {
		b := blocks[at]
		raw = binary.AppendVarint(raw, int64(at)-index)
		if b.keys == math.MaxUint64 {
			raw = append(raw, allKeys)
		} else {
			raw = binary.LittleEndian.AppendUint64(append(raw, someKeys), b.keys)
		}
		raw = binary.AppendVarint(raw, b.earliest-earliest)
		raw = binary.AppendVarint(raw, b.latest-b.earliest)
		index, earliest = int64(at), b.earliest
	}
	return raw
}

// UnmarshalText reads what MarshalText wrote. Text that is damaged is an error: it must never be taken for an empty set.
func (r *Recent) UnmarshalText(text []byte) error {
	raw, err := base64.RawStdEncoding.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("decode recent events: %w", err)
	}
	if len(raw) == 0 || raw[0] != recentVersion && raw[0] != recentVersion1 {
		return errors.New("decode recent events: unknown version")
	}
	decoder := recentDecoder{rest: raw[1:]}
	epochs := []map[int32]block{make(map[int32]block)}
	var index, earliest int64
	for len(decoder.rest) > 0 && decoder.err == nil {
		index += decoder.varint()
		keys, end := decoder.keys()
		if end {
			epochs = append(epochs, make(map[int32]block))
			index, earliest = 0, 0
			continue
		}
		earliest += decoder.varint()
		latest := earliest + decoder.varint()
		if int64(int32(index)) != index { //nolint:gosec // the conversion is the check
			return errors.New("decode recent events: key out of range")
		}
		epochs[len(epochs)-1][int32(index)] = block{keys: keys, earliest: earliest, latest: latest} //nolint:gosec // checked above
	}
	*r = Recent{epochs: epochs}
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

func (d *recentDecoder) keys() (keys uint64, end bool) {
	switch tag := d.tag(); {
	case tag == allKeys:
		return math.MaxUint64, false
	case tag == endOfEpoch:
		return 0, true
	case tag != someKeys:
		d.rest, d.err = nil, errors.New("decode recent events: unknown kind of block")
		return 0, false
	case len(d.rest) < 8:
		d.rest, d.err = nil, errors.New("decode recent events: cut short")
		return 0, false
	}
	keys = binary.LittleEndian.Uint64(d.rest)
	d.rest = d.rest[8:]
	return keys, false
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
