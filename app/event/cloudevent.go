package event

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"time"
	"unicode/utf8"
)

// ContentType of the bytes that AppendCloudEvent writes (CloudEvents 1.0, JSON format, structured mode).
const ContentType = "application/cloudevents+json"

// AppendCloudEvent appends e as a CloudEvent of its profile to buffer: CloudEvents 1.0 in JSON format, data that is XML as a
// string. It is written by hand because it runs once per event.
func AppendCloudEvent(buffer []byte, e *Event) []byte {
	out := append(AppendAttributes(buffer, e), `,"data":`...)
	if e.isXML() {
		out = appendString(out, e.Data)
	} else {
		out = append(out, e.Data...)
	}
	return append(out, '}')
}

// AppendAttributes appends what AppendCloudEvent does, but for the data and the brace after it.
func AppendAttributes(buffer []byte, e *Event) []byte {
	b := builder{out: append(buffer, `{"specversion":"1.0"`...)}
	b.open("id")
	b.out = e.appendID(b.out)
	b.close()
	b.attribute("source", e.Origin.Source)
	b.open("type")
	b.out = e.appendType(b.out)
	b.close()
	b.attribute("subject", e.Subject())
	b.out = append(b.out, `,"time":"`...)
	b.out = e.Created.UTC().AppendFormat(b.out, time.RFC3339Nano)
	b.out = append(append(b.out, `","datacontenttype":"`...), e.dataContentType()...)
	b.out = append(b.out, '"')
	if !e.IsAnnouncement() {
		b.attribute("eventclass", e.class())
	}
	b.attribute("vsphereapiversion", e.Origin.APIVersion)
	b.attribute("vcenter", e.Origin.InstanceUUID)
	b.attribute("vcname", e.Origin.Name)
	b.open("entity")
	b.out = e.Entity.append(b.out)
	b.close()
	b.open("partitionkey")
	b.out = e.appendPartitionKey(b.out)
	b.close()
	b.open("sequence")
	b.out = e.appendSequence(b.out)
	b.close()
	b.attribute("severity", e.Severity)
	if e.Late {
		b.out = append(b.out, `,"late":true`...)
	}
	if e.Truncated {
		b.out = append(b.out, `,"truncated":true`...)
	}
	b.attribute("refusal", e.Refusal)
	return b.out
}

// isXML asks the data and not the profile, so that the CloudEvent is right whatever the source was opened with.
func (e *Event) isXML() bool { return len(e.Data) > 0 && e.Data[0] == '<' }

func (e *Event) dataContentType() string {
	if e.isXML() {
		return "application/xml"
	}
	return "application/json"
}

// appendString appends text as a JSON string.
func appendString(out, text []byte) []byte {
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	out = append(out, '"')
	start := 0
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		out = append(out, text[start:i]...)
		if start = i + 1; c >= ' ' {
			out = append(out, '\\', c)
		} else {
			out = append(out, '\\', 'u', '0', '0', '0'+c>>4, "0123456789abcdef"[c&15])
		}
	}
	return append(append(out, text[start:]...), '"')
}

// builder appends attributes without making strings of them first.
type builder struct {
	out   []byte
	start int // where the open attribute begins in out, and
	text  int // where its text begins
}

func (b *builder) attribute(name, value string) {
	b.open(name)
	b.out = append(b.out, value...)
	b.close()
}

// open begins an attribute, whose text follows.
func (b *builder) open(name string) {
	b.start = len(b.out)
	b.out = append(append(append(b.out, `,"`...), name...), `":"`...)
	b.text = len(b.out)
}

// close leaves an empty attribute out: CloudEvents forbids empty strings.
func (b *builder) close() {
	text := b.out[b.text:]
	switch {
	case len(text) == 0:
		b.out = b.out[:b.start]
	case isPlain(text):
		b.out = append(b.out, '"')
	default:
		quoted, err := json.Marshal(string(text))
		if err == nil { // a string always marshals
			b.out = append(b.out[:b.text-1], quoted...)
		}
	}
}

// isPlain reports whether text needs no escaping in JSON. It looks at eight bytes at a time.
func isPlain(text []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		w := binary.LittleEndian.Uint64(text)
		quote, backslash := w^'"'*ones, w^'\\'*ones
		// The highest bit of a byte is set here if it is not ASCII, below space, a quote, a backslash, or 0x7f.
		if (w|(w-' '*ones)|(quote-ones)|(backslash-ones)|(w+ones))&highs != 0 {
			return false
		}
	}
	for _, c := range text {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
