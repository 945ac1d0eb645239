package vcsim

import (
	"bytes"
	"fmt"
	"time"

	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

const schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"

// rawEvent is an event of which the client gets exactly this XML after the fields that every event has: a class or a
// field that no library knows.
type rawEvent struct {
	types.Event
	class string
	inner string // elements; the prefix xsi is declared
}

// MarshalXML writes the event in place of the encoder, which knows only Go types.
func (r rawEvent) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	start.Attr = []xml.Attr{ // in place of the name of the Go type
		{Name: xml.Name{Local: "xmlns:xsi"}, Value: schemaInstance}, {Name: xml.Name{Local: "xsi:type"}, Value: r.class},
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "<key>%d</key><chainId>%d</chainId><createdTime>%s</createdTime>",
		r.Key, r.ChainId, r.CreatedTime.Format(time.RFC3339Nano))
	for _, field := range []struct{ name, value string }{
		{"userName", r.UserName}, {"fullFormattedMessage", r.FullFormattedMessage},
	} {
		fmt.Fprintf(&text, "<%s>", field.name)
		if err := xml.EscapeText(&text, []byte(field.value)); err != nil {
			return err
		}
		fmt.Fprintf(&text, "</%s>", field.name)
	}
	text.WriteString(r.inner)
	return e.EncodeElement(struct {
		Inner []byte `xml:",innerxml"`
	}{text.Bytes()}, start)
}
