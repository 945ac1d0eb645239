package vcenter

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strconv"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// BurstCompressed is the event that vCenter stores in place of those that its burst filter left out.
const BurstCompressed = "com.vmware.vc.EventBurstCompressedEvent"

func (r *Reader) announceCompressed(e *event.Event) (event.Event, error) {
	burst := readBurst(e.Data)
	return r.announce(event.Gap{
		Kind:    event.KindCompressed,
		Reason:  "vCenter's burst filter did not store events that were alike: " + burst.what,
		FromKey: e.Key, ToKey: e.Key, From: burst.began, To: e.Created, Count: burst.count,
	})
}

type burst struct {
	what  string
	count int
	began time.Time
}

// readBurst reads the arguments eventType, objectId, userName, count and burstStartTime. What cannot be read is left
// out: that there was a burst is told all the same.
func readBurst(data []byte) burst {
	var b burst
	for _, argument := range readArguments(data) {
		text := string(argument.Value)
		switch argument.Key {
		case "eventType":
			b.what = text + b.what
		case "objectId":
			b.what += " of " + text
		case "count":
			b.count, _ = strconv.Atoi(text) // 0 says that the number is not known
		case "burstStartTime":
			b.began, _ = time.Parse(time.RFC3339Nano, text)
		}
	}
	return b
}

type argument struct {
	Key   string `json:"key" xml:"key"`
	Value value  `json:"value" xml:"value"`
}

// readArguments reads the arguments of an EventEx in any layout. encoding/json takes a name in PascalCase as well.
func readArguments(data []byte) []argument {
	var body struct {
		Arguments []argument `json:"arguments" xml:"arguments"`
	}
	read := json.Unmarshal
	if bytes.HasPrefix(data, []byte("<")) {
		read = xml.Unmarshal
	}
	if read(data, &body) != nil {
		return nil
	}
	return body.Arguments
}

// value is the text of a scalar: a member of a box with VI/JSON, the scalar itself with PascalCase.
type value string

func (v *value) UnmarshalJSON(data []byte) error {
	var box struct {
		Value json.RawMessage `json:"_value"`
	}
	if json.Unmarshal(data, &box) == nil && box.Value != nil {
		data = box.Value
	}
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data)
	}
	*v = value(text)
	return nil
}
