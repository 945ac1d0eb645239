package event

import (
	"bytes"
	"encoding/json"
	"slices"
)

// identity are the members of an event's data that trimming leaves, whatever their size.
var identity = []string{
	"_typeName", "key", "chainId", "createdTime", "userName",
	"Key", "ChainId", "CreatedTime", "UserName", // with PascalCase
}

// Trim returns e with data of at most so many bytes, if that can be: the largest members are left out first, and the event is
// marked truncated. vCenter has the whole event, under its key.
func (e *Event) Trim(most int) Event {
	trimmed := *e
	trimmed.Truncated = true
	if e.isXML() {
		trimmed.Data = e.trimXML(most)
		return trimmed
	}
	members, err := splitObject(e.Data)
	if err != nil { // nothing that is known of it can be kept
		members = nil
	}
	trimmed.Data = join(leaveOut(members, most))
	return trimmed
}

// member is one of a JSON object, as `"name":value`, or the elements of one name in a row.
type member struct {
	name string
	text []byte
}

func splitObject(data []byte) ([]member, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if _, err := decoder.Token(); err != nil { // {
		return nil, err
	}
	var members []member
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		text, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		members = append(members, member{name, append(append(text, ':'), value...)})
	}
	return members, nil
}

// leaveOut drops the largest members until the rest is small enough.
func leaveOut(members []member, most int) []member {
	size := 2
	for i := range members {
		size += len(members[i].text) + 1
	}
	for size > most {
		largest := -1
		for i := range members {
			if !slices.Contains(identity, members[i].name) && (largest < 0 || len(members[i].text) > len(members[largest].text)) {
				largest = i
			}
		}
		if largest < 0 {
			break
		}
		size -= len(members[largest].text) + 1
		members = slices.Delete(members, largest, largest+1)
	}
	return members
}

func join(members []member) []byte {
	out := []byte{'{'}
	for i := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, members[i].text...)
	}
	return append(out, '}')
}
