package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vcrelay/vcrelay/app/event"
)

// recordVersion is the layout of a record. A record of another version is refused, never guessed at.
const recordVersion = 1

// record is what the store holds for one stream, as JSON.
type record struct {
	Version      int             `json:"version"`
	Owner        string          `json:"owner"`                  // random per process; empty when the stream was given back
	Epoch        int64           `json:"epoch"`                  // grows with each change of owner
	Write        int64           `json:"write"`                  // grows with each write of one owner
	LeaseSeconds float64         `json:"leaseSeconds,omitempty"` // after so long without a write the stream is anybody's
	Position     json.RawMessage `json:"position,omitempty"`     // event.Position; absent before the first save
}

func (r record) sameWrite(other record) bool {
	return r.Owner == other.Owner && r.Epoch == other.Epoch && r.Write == other.Write
}

func encode(r record) ([]byte, error) {
	r.Version = recordVersion
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return data, nil
}

func decode(data []byte) (record, error) {
	var r record
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&r); err != nil {
		return record{}, err
	}
	if r.Version != recordVersion {
		return record{}, fmt.Errorf("version %d, want %d", r.Version, recordVersion)
	}
	if decoder.More() {
		return record{}, errors.New("text after the record")
	}
	return r, nil
}

// position is what the record says; found is false before the first save.
func (r record) position() (position event.Position, found bool, err error) {
	if len(r.Position) == 0 {
		return position, false, nil
	}
	if err := json.Unmarshal(r.Position, &position); err != nil {
		return position, false, err
	}
	return position, true, nil
}
