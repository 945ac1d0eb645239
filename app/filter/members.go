package filter

import (
	"slices"

	"github.com/vcrelay/vcrelay/app/event"
)

// envelope are the members that EventBridge puts around an event, and that we know.
var envelope = []string{"detail", "detail-type", "source"}

// checkMembers finds names that no CloudEvent of ours has: a pattern with such a one would match nothing.
func (r *patternReader) checkMembers(pattern object) {
	if !pattern.isWrapped() {
		r.checkCloudEvent("", pattern)
		return
	}
	for name, member := range pattern {
		if !slices.Contains(envelope, name) {
			r.fault(name, "a pattern with detail or detail-type is one of EventBridge, of which detail, detail-type and source are known here; "+
				"write detail.%s, or leave it out", name)
		}
		if inner, isObject := member.(object); isObject && name == "detail" {
			r.checkCloudEvent("detail.", inner)
		} else if isObject == (name != "detail") {
			r.fault(name, "has to be %s", map[bool]string{true: "an object", false: "a list of values"}[name == "detail"])
		}
	}
}

func (r *patternReader) checkCloudEvent(path string, pattern object) {
	for name, member := range pattern {
		_, isObject := member.(object)
		switch {
		case name == "data" || name == "$or":
		case !slices.Contains(event.AttributeNames(), name):
			r.fault(path+name, "%s", unknown(name))
		case isObject:
			r.fault(path+name, "is an attribute and has no members; write its values in a list")
		case name == "late" || name == "truncated":
			r.checkMark(path+name, member)
		}
	}
}

// checkMark refuses what can never be: these attributes are there only when they are true.
func (r *patternReader) checkMark(path string, member any) {
	list, _ := member.(values)
	for _, value := range list {
		if value != true {
			if _, isOperator := value.(map[string]any); !isOperator {
				r.fault(path, "is there only when it is true; write [true], or [{\"exists\": false}]")
			}
		}
	}
}
