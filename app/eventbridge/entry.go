package eventbridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// Limits of PutEvents: API reference, "PutEvents", and user guide, "Calculating PutEvents event entry size".
const (
	mostEntries       = 10
	longestDetailType = 128 // characters

	// All entries of a call were to have less than 256 KiB until 2026, and are to have less than 1 MiB since. Calls are filled to the
	// old limit, which holds everywhere; an event above it has a call of its own.
	fullCall   = 256 << 10
	tooLarge   = 1 << 20
	sizeOfTime = 14
)

// entry is an event on its way.
type entry struct {
	index int // of the event in its request
	put   types.PutEventsRequestEntry
	size  int // as EventBridge counts it
}

// newEntry makes an entry of a CloudEvent in JSON.
func (s *settings) newEntry(topic string, event []byte) (entry, error) {
	var known struct{ Subject, Type, Time string }
	if err := json.Unmarshal(event, &known); err != nil {
		return entry{}, fmt.Errorf("is no CloudEvent in JSON: %w", err)
	}
	name := known.Subject
	if name == "" {
		name = known.Type
	}
	if name == "" {
		return entry{}, errors.New("has neither subject nor type, and EventBridge wants a detail-type")
	}
	source, detail, detailType := s.Source+"."+topic, string(event), cut(name, longestDetailType)
	e := entry{put: types.PutEventsRequestEntry{Source: &source, DetailType: &detailType, Detail: &detail}}
	e.size = len(source) + len(detailType) + len(detail)
	if s.EventBusName != "" {
		e.put.EventBusName = &s.EventBusName
	}
	if at, err := time.Parse(time.RFC3339Nano, known.Time); err == nil { // else EventBridge takes its own, and detail has what there was
		e.put.Time = &at
		e.size += sizeOfTime
	}
	if e.size >= tooLarge {
		return entry{}, fmt.Errorf("has %d bytes, and EventBridge takes less than %d; set VCRELAY_MAX_EVENT_BYTES lower to have such events trimmed", e.size, tooLarge)
	}
	return e, nil
}

// cut returns the first n characters of text.
func cut(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// firstCall is as many of the entries, in their order, as fit into one call, at least one.
func firstCall(entries []entry) []entry {
	size := 0
	for i := range entries {
		if size += entries[i].size; i > 0 && (i == mostEntries || size >= fullCall) {
			return entries[:i]
		}
	}
	return entries
}
