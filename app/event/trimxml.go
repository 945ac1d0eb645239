package event

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"time"
)

// trimXML is Trim for data that is an element: its largest children are left out first.
func (e *Event) trimXML(most int) []byte {
	start, members, end, err := splitElement(e.Data)
	if err != nil { // only what is known of it can be kept
		return fmt.Appendf(nil, "<event><key>%d</key><createdTime>%s</createdTime></event>", e.Key, e.Created.UTC().Format(time.RFC3339Nano))
	}
	out := bytes.Clone(start)
	for _, m := range leaveOut(members, most-len(start)-len(end)) {
		out = append(out, m.text...)
	}
	return append(out, end...)
}

var errElement = errors.New("data is no element")

// splitElement cuts an element into its start tag, its children, and its end tag. Children of one name that follow each other
// are the values of one array, of which a part would pass for the whole.
func splitElement(data []byte) (start []byte, members []member, end []byte, err error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil {
		return nil, nil, nil, err
	} else if _, ok := token.(xml.StartElement); !ok {
		return nil, nil, nil, errElement
	}
	start = data[:decoder.InputOffset()]
	from := int64(0) // where the last of members begins
	for {
		at := decoder.InputOffset()
		token, err := decoder.Token()
		if err != nil {
			return nil, nil, nil, err
		}
		switch token := token.(type) {
		case xml.EndElement:
			return start, members, data[at:decoder.InputOffset()], nil
		case xml.StartElement:
			if err := decoder.Skip(); err != nil {
				return nil, nil, nil, err
			}
			if n := len(members); n == 0 || members[n-1].name != token.Name.Local {
				from = at
				members = append(members, member{name: token.Name.Local})
			}
			members[len(members)-1].text = data[from:decoder.InputOffset()]
		}
	}
}
