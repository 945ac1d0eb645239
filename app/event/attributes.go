package event

import (
	"encoding/json"
	"fmt"
)

// Attributes are those that AppendCloudEvent writes, all but the data, as texts: what a protocol carries beside the data in the
// binary mode of CloudEvents. They are read from what it writes, so that no attribute can be in the one and not in the other.
func Attributes(e *Event) (map[string]string, error) {
	bare := *e
	bare.Data = []byte("null")
	var members map[string]any
	if err := json.Unmarshal(AppendCloudEvent(nil, &bare), &members); err != nil {
		return nil, fmt.Errorf("attributes of event %s: %w", e.ID(), err)
	}
	delete(members, "data")
	attributes := make(map[string]string, len(members))
	for name, value := range members {
		attributes[name] = fmt.Sprint(value) // a text, true or false
	}
	return attributes, nil
}
