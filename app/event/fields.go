package event

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// fields are what stands in braces in a text such as `{date}/{id}.json`, and what takes its place for an event. They are equal
// each time the event is sent, so that sent again it takes the place of itself.
var fields = map[string]func(*Event) string{
	"id":      (*Event).ID,
	"name":    (*Event).Name,
	"vcenter": func(e *Event) string { return e.Origin.InstanceUUID },
	"vcname":  func(e *Event) string { return e.Origin.Name },
	"class":   func(e *Event) string { return e.Class },
	"dotted":  (*Event).dotted,

	"severity":   func(e *Event) string { return e.Severity },
	"entitytype": func(e *Event) string { return e.Entity.Type },

	"date": func(e *Event) string { return e.Created.UTC().Format("2006-01-02") },
	"hour": func(e *Event) string { return e.Created.UTC().Format("15") },
}

// CheckFields returns an error when Expand would not know what to make of text.
func CheckFields(text string) error {
	for rest := text; rest != ""; {
		before, after, opened := strings.Cut(rest, "{")
		name, behind, closed := strings.Cut(after, "}")
		_, known := fields[name]
		if strings.Contains(before, "}") || opened && (!closed || !known) {
			return fmt.Errorf("%q is no text with fields; those are {%s}", text, strings.Join(slices.Sorted(maps.Keys(fields)), "}, {"))
		}
		rest = behind
	}
	return nil
}

// Expand puts what e has in place of the fields of text. What is in them comes from vCenter and may be anything: of each, all
// that is not a letter of ASCII, a digit, `-`, `_` or a point within is percent-encoded, so that it makes no folder, no header
// and no query.
func Expand(text string, e *Event) string { return expand(text, e, escaped) }

// expand puts the value of each field, in a form, in its place.
func expand(text string, e *Event, form func(string) string) string {
	var out strings.Builder
	for {
		before, after, opened := strings.Cut(text, "{")
		out.WriteString(before)
		if !opened {
			return out.String()
		}
		name, behind, _ := strings.Cut(after, "}")
		if value, known := fields[name]; known {
			out.WriteString(form(value(e)))
		}
		text = behind
	}
}

func escaped(value string) string {
	var out strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// ExpandTopic is Expand for the name of a topic: brokers agree on letters, digits, `.`, `-` and `_` only, so that any other
// character becomes `_`, and a field without a value `none`.
func ExpandTopic(text string, e *Event) string { return expand(text, e, topicPart) }

func topicPart(value string) string {
	value = strings.Trim(strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_' {
			return c
		}
		return '_'
	}, value), ".")
	for strings.Contains(value, "..") {
		value = strings.ReplaceAll(value, "..", ".")
	}
	if value == "" {
		return "none"
	}
	return value
}

// dotted is the name as OpenFaaS functions of the vcenter-connector knew it: vm.powered.on for VmPoweredOnEvent. An EventTypeId
// has its points already.
func (e *Event) dotted() string {
	if e.TypeID != "" {
		return e.TypeID
	}
	name := strings.TrimSuffix(e.Class, "Event")
	var out strings.Builder
	for i := range len(name) {
		if i > 0 && isUpper(name[i]) && (!isUpper(name[i-1]) || i+1 < len(name) && !isUpper(name[i+1])) {
			out.WriteByte('.')
		}
		out.WriteByte(name[i])
	}
	return strings.ToLower(out.String())
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
