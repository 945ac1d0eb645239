package config

import (
	"bytes"
	"encoding/json"
	"math"

	"gopkg.in/yaml.v3"
)

// largest is how many values one of any form may hold: larger ones come from aliases of aliases, or of themselves.
const largest = 10_000

// object returns a section of any form as JSON, from YAML or from a text that is JSON already.
func (r *fleetReader) object(node *yaml.Node, at place) []byte {
	switch {
	case empty(node):
		r.add(at, "empty; give it a value or leave the key out")
	case node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str":
		var object map[string]any
		if err := json.Unmarshal([]byte(node.Value), &object); err != nil || object == nil {
			r.add(at, `no JSON object; write e.g. '{"subject": ["VmPoweredOnEvent"]}'`)
			return nil
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(node.Value)); err != nil {
			return nil
		}
		return compact.Bytes()
	case node.Kind != yaml.MappingNode:
		r.add(at, "%s; want keys and values, e.g. {subject: [VmPoweredOnEvent]}", what(node))
	default:
		budget := &budget{at: at, values: largest}
		if value, ok := r.plain(node, at, budget); ok {
			return marshal(value)
		}
	}
	return nil
}

func marshal(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// budget is how much a value at a place may still hold.
type budget struct {
	at     place
	values int
}

// spend takes one value, and fails when there is none left, which is a fault once.
func (b *budget) spend(r *fleetReader) bool {
	b.values--
	if b.values == -1 {
		r.add(b.at, "more than %d values; write it shorter, without aliases", largest)
	}
	return b.values >= 0
}

// plain is a node as encoding/json has it. A time stays the text that it is.
func (r *fleetReader) plain(node *yaml.Node, at place, left *budget) (any, bool) {
	if !left.spend(r) {
		return nil, false
	}
	node = follow(node)
	switch node.Kind {
	case yaml.MappingNode:
		return r.plainMap(node, at, left)
	case yaml.SequenceNode:
		list, ok := make([]any, 0, len(node.Content)), true
		for i, child := range node.Content {
			value, fine := r.plain(child, at.item(i, follow(child).Line), left)
			list, ok = append(list, value), ok && fine
		}
		return list, ok
	default:
		return r.plainScalar(node, at)
	}
}

func (r *fleetReader) plainMap(node *yaml.Node, at place, left *budget) (any, bool) {
	object, ok := make(map[string]any), true
	for _, pair := range r.pairs(node, at) {
		value, fine := r.plain(pair.value, at.under(pair.key.Value, pair.line()), left)
		object[pair.key.Value], ok = value, ok && fine
	}
	return object, ok
}

func (r *fleetReader) plainScalar(node *yaml.Node, at place) (any, bool) {
	if tag := node.ShortTag(); tag == "!!str" || tag == "!!timestamp" {
		return node.Value, true
	}
	var value any
	err := node.Decode(&value)
	if float, is := value.(float64); err != nil || is && (math.IsNaN(float) || math.IsInf(float, 0)) {
		r.add(at, "no value of JSON; put it in quotes")
		return nil, false
	}
	return value, true
}
