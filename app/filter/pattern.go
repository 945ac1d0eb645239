package filter

import (
	"encoding/json"
	"fmt"

	"quamina.net/go/quamina"

	"github.com/vcrelay/vcrelay/app/event"
)

// Pattern makes a filter of an event pattern as AWS EventBridge has them. It is applied to the CloudEvent as JSON, as in
// {"subject": ["VmPoweredOnEvent"], "data": {"vm": {"name": [{"prefix": "prod-"}]}}}.
//
// A pattern with detail or detail-type is one that was written for EventBridge. It is applied to what the VMware Event Router
// put there: {"detail-type": <subject>, "source": <source>, "detail": <the CloudEvent>}.
//
// What the matching library, Quamina, does not know of EventBridge's operators is a fault. Faults are reported with the place
// and a remedy, one a line.
func Pattern(text []byte) (*Filter, error) {
	pattern, err := readPattern(text)
	if err != nil {
		return nil, err
	}
	f := &Filter{names: pattern.names()}
	for _, part := range pattern.parts() {
		matcher, err := newMatcher(part)
		if err != nil {
			return nil, fmt.Errorf("read pattern: %w", err)
		}
		f.judges = append(f.judges, &patternJudge{matcher: matcher, data: part["data"] != nil})
	}
	return f, nil
}

func newMatcher(pattern object) (*quamina.Quamina, error) {
	text, err := json.Marshal(pattern)
	if err != nil {
		return nil, err
	}
	matcher, err := quamina.New()
	if err != nil {
		return nil, err
	}
	return matcher, matcher.AddPattern(true, string(text))
}

// patternJudge matches a part of a pattern. Attributes and data are judged apart: what the attributes decide costs nothing
// of the data, and data that is no JSON raises no doubt about an event that is none of those.
type patternJudge struct {
	matcher *quamina.Quamina
	data    bool // it is the part about data, else about attributes
	buffer  []byte
}

func (j *patternJudge) match(e *event.Event) (bool, error) {
	if j.data {
		j.buffer = append(append(j.buffer[:0], `{"data":`...), e.Data...)
	} else {
		j.buffer = event.AppendAttributes(j.buffer[:0], e)
	}
	j.buffer = append(j.buffer, '}')
	found, err := j.find()
	if err != nil {
		return true, fmt.Errorf("apply pattern to event %s: %w", e.ID(), err)
	}
	return found, nil
}

// find takes no data whatever for a reason to end the process.
func (j *patternJudge) find() (found bool, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("data is no JSON: %v", fault)
		}
	}()
	matches, err := j.matcher.MatchesForEvent(j.buffer)
	return len(matches) > 0, err
}

// object is a pattern, or a part of one: its members are objects and values.
type object map[string]any

// values are what a member may be: texts, numbers, true, false, null, and operators as map[string]any.
type values []any

// isWrapped tells a pattern that was written for EventBridge.
func (p object) isWrapped() bool {
	return p["detail"] != nil || p["detail-type"] != nil
}

// cloudEvent is the part of the pattern that is about the CloudEvent itself.
func (p object) cloudEvent() object {
	if !p.isWrapped() {
		return p
	}
	inner, _ := p["detail"].(object)
	return inner
}

// parts are patterns that all have to match: on the attributes, on those that EventBridge has outside, and on data.
func (p object) parts() []object {
	attributes, outside, data := make(object), make(object), make(object)
	for name, member := range p.cloudEvent() {
		if name == "data" {
			data[name] = member
		} else {
			attributes[name] = member
		}
	}
	if p.isWrapped() {
		put(outside, "subject", p["detail-type"])
		put(outside, "source", p["source"])
	}
	var parts []object
	for _, part := range []object{outside, attributes, data} {
		if len(part) > 0 {
			parts = append(parts, part)
		}
	}
	return parts
}

func put(into object, name string, member any) {
	if member != nil {
		into[name] = member
	}
}

// names are bounded where every value of a member is a text that names one event.
func (p object) names() names {
	var all names
	for _, part := range p.parts() {
		all = all.and(namesOfValues("subject", part["subject"])).and(namesOfValues("type", part["type"]))
	}
	return all
}

func namesOfValues(attribute string, member any) names {
	list, isList := member.(values)
	if !isList {
		return names{}
	}
	found := make([]string, 0, len(list))
	for _, value := range list {
		text, isText := value.(string)
		if !isText {
			return names{}
		}
		name, known := nameIn(attribute, text)
		if !known {
			return names{}
		}
		found = append(found, name)
	}
	return only(found...)
}
