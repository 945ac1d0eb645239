package event

import (
	"slices"
	"strings"
	"time"
)

// attributeNames are all that a CloudEvent of ours may have, in the order in which they are written.
var attributeNames = []string{
	"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "eventclass", "vsphereapiversion", "vcenter", "vcname",
	"entity", "partitionkey", "sequence", "severity", "late", "truncated", "refusal",
}

// AttributeNames are the names of the CloudEvent attributes that an event may have.
func AttributeNames() []string { return slices.Clone(attributeNames) }

// Attribute returns the CloudEvent attribute of that name as AppendCloudEvent writes it, and an empty string where the event
// has none: CloudEvents know no empty attributes.
func (e *Event) Attribute(name string) string {
	switch name {
	case "specversion":
		return "1.0"
	case "id":
		return e.ID()
	case "source":
		return e.Origin.Source
	case "type":
		return e.Type()
	case "subject":
		return e.Subject()
	case "time":
		return e.Created.UTC().Format(time.RFC3339Nano)
	case "datacontenttype":
		return e.dataContentType()
	case "vsphereapiversion":
		return e.Origin.APIVersion
	case "vcenter":
		return e.Origin.InstanceUUID
	case "vcname":
		return e.Origin.Name
	default:
		return e.extension(name)
	}
}

// extension goes on with those that not every event has, and with those of the order.
func (e *Event) extension(name string) string {
	switch name {
	case "eventclass":
		if !e.IsAnnouncement() {
			return e.class()
		}
	case "entity":
		return e.Entity.String()
	case "partitionkey":
		return e.PartitionKey()
	case "sequence":
		return e.Sequence()
	case "severity":
		return e.Severity
	case "late":
		return mark(e.Late)
	case "truncated":
		return mark(e.Truncated)
	case "refusal":
		return e.Refusal
	}
	return ""
}

// mark is an attribute that is there only when it is true.
func mark(set bool) string {
	if set {
		return "true"
	}
	return ""
}

// NameOfType is the event name in a CloudEvent type that Type makes of one; found is false for any other type.
func NameOfType(cloudEventType string) (name string, found bool) {
	name, begins := strings.CutPrefix(cloudEventType, typePrefix)
	name, ends := strings.CutSuffix(name, typeSuffix)
	return name, begins && ends && name != ""
}
