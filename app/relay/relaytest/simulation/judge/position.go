package judge

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"
)

const (
	overlap   = time.Minute     // what the stored position promises to read again, see design.md, "Reading vCenter"
	precision = 2 * time.Second // of vCenter's filter by time
	noticed   = time.Second     // a lesser step of a clock may be the time that an answer took
)

// position is the judge's own reading of a stored position.
type position struct {
	Start   time.Time `json:"start"`
	Low     time.Time `json:"low"`
	Settled time.Time `json:"settled"`
	Recent  string    `json:"recent"`
	Clock   struct {
		Theirs time.Time `json:"theirs"`
		Ours   time.Time `json:"ours"`
	} `json:"clock"`

	blocks []block
	back   time.Duration // how far vCenter's clock went back since, which who resumes there can see
}

// block says of 64 neighbouring keys which are done, and between which times they were created.
type block struct {
	index            int64
	keys             uint64
	earliest, latest int64
}

func readPosition(text string) (*position, error) {
	p := new(position)
	if err := json.Unmarshal([]byte(text), p); err != nil {
		return nil, err
	}
	raw, err := base64.RawStdEncoding.DecodeString(p.Recent)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 || raw[0] != 2 {
		return nil, errors.New("set of recent events of another version")
	}
	return p, p.readBlocks(raw[1:])
}

// readBlocks reads, for each block, the distance to the one before, a tag, the keys, the earliest time as distance and
// the length of the span. Tag 2 ends an epoch.
func (p *position) readBlocks(raw []byte) error {
	var index, earliest int64
	bad := errors.New("set of recent events is cut short")
	for len(raw) > 0 {
		step, n := binary.Varint(raw)
		if n <= 0 || len(raw) <= n {
			return bad
		}
		tag := raw[n]
		raw = raw[n+1:]
		if tag == 2 {
			index, earliest = 0, 0
			continue
		}
		b := block{index: index + step, keys: ^uint64(0)}
		if tag == 1 {
			if len(raw) < 8 {
				return bad
			}
			b.keys, raw = binary.LittleEndian.Uint64(raw), raw[8:]
		}
		from, n := binary.Varint(raw)
		if n <= 0 {
			return bad
		}
		length, m := binary.Varint(raw[n:])
		if m <= 0 {
			return bad
		}
		raw = raw[n+m:]
		index, earliest = b.index, earliest+from
		b.earliest, b.latest = earliest, earliest+length
		p.blocks = append(p.blocks, b)
	}
	return nil
}

// skips tells whether a reader that resumes at the position would not bring the row.
func (p *position) skips(r *Row) bool {
	if !p.Start.IsZero() && r.Created < p.Start.UnixMicro() {
		return false // it was never wanted
	}
	for i := range p.blocks {
		b := &p.blocks[i]
		if int64(r.Key>>6) == b.index && b.keys&(1<<(r.Key&63)) != 0 && b.earliest <= r.Created && r.Created <= b.latest {
			return true
		}
	}
	return r.Created < p.readsFrom()
}

// readsFrom is where such a reader begins, in unix microseconds.
func (p *position) readsFrom() int64 {
	if p.Low.IsZero() {
		return -1 << 63
	}
	from := p.Low.Add(-overlap)
	if settled := p.Settled.Add(-precision); !p.Settled.IsZero() && settled.Before(from) {
		from = settled
	}
	return from.Add(-p.back).UnixMicro()
}

// clockBack is how far vCenter's clock, which is ahead of the relay's by as much, has gone back since the position was made.
func (p *position) clockBack(ahead time.Duration) time.Duration {
	if p.Clock.Ours.IsZero() {
		return 0
	}
	if back := p.Clock.Theirs.Sub(p.Clock.Ours) - ahead; back > noticed {
		return back
	}
	return 0
}
