package event

import (
	"encoding/json"
	"time"
)

// ContentType of the bytes that AppendCloudEvent writes (CloudEvents 1.0, JSON format, structured mode).
const ContentType = "application/cloudevents+json"

// AppendCloudEvent appends e as a CloudEvent of the default profile to buffer: CloudEvents 1.0 in JSON format, data as
// VI/JSON, which is what vCenter's own JSON API emits. It is written by hand because it runs once per event.
func AppendCloudEvent(buffer []byte, e *Event) []byte {
	buffer = append(buffer, `{"specversion":"1.0"`...)
	buffer = appendAttribute(buffer, "id", e.ID())
	buffer = appendAttribute(buffer, "source", e.Origin.Source)
	buffer = appendAttribute(buffer, "type", e.Type())
	buffer = appendAttribute(buffer, "subject", e.Name())
	buffer = append(buffer, `,"time":"`...)
	buffer = e.Created.UTC().AppendFormat(buffer, time.RFC3339Nano)
	buffer = append(buffer, `","datacontenttype":"application/json"`...)
	if !e.IsAnnouncement() {
		buffer = appendAttribute(buffer, "eventclass", e.class())
	}
	buffer = appendAttribute(buffer, "vsphereapiversion", e.Origin.APIVersion)
	buffer = appendAttribute(buffer, "vcenter", e.Origin.InstanceUUID)
	buffer = appendAttribute(buffer, "vcname", e.Origin.Name)
	buffer = appendAttribute(buffer, "entity", e.Entity.String())
	buffer = appendAttribute(buffer, "partitionkey", e.PartitionKey())
	buffer = appendAttribute(buffer, "sequence", e.Sequence())
	buffer = appendAttribute(buffer, "severity", e.Severity)
	if e.Late {
		buffer = append(buffer, `,"late":true`...)
	}
	buffer = append(buffer, `,"data":`...)
	buffer = append(buffer, e.Data...)
	return append(buffer, '}')
}

// appendAttribute leaves an empty attribute out: CloudEvents forbids empty strings.
func appendAttribute(buffer []byte, name, value string) []byte {
	if value == "" {
		return buffer
	}
	buffer = append(buffer, `,"`...)
	buffer = append(buffer, name...)
	buffer = append(buffer, `":`...)
	return appendString(buffer, value)
}

func appendString(buffer []byte, value string) []byte {
	if !isPlain(value) {
		quoted, err := json.Marshal(value)
		if err == nil { // a string always marshals
			return append(buffer, quoted...)
		}
	}
	buffer = append(buffer, '"')
	buffer = append(buffer, value...)
	return append(buffer, '"')
}

// isPlain reports whether value needs no escaping in JSON.
func isPlain(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
