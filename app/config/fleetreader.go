package config

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// fleetReader reads the nodes of one fleet file into sections, and gathers everything that is wrong with it.
type fleetReader struct {
	report
	checks Checks
}

// section reads the keys of node into the fields of the struct that into points to, and says whether node has keys.
func (r *fleetReader) section(node *yaml.Node, at place, into any) bool {
	if own, ok := into.(interface{ put(at place, set bool) }); ok {
		own.put(at, true)
	}
	if node.Kind != yaml.MappingNode {
		r.add(at, "%s; want keys and values, e.g. name: default", what(node))
		return false
	}
	pairs := r.pairs(node, at)
	var keys []string
	for field, value := range fields(into) {
		key := field.Tag.Get("key")
		keys = append(keys, key)
		pair, set := pairs.find(key)
		need, needed := field.Tag.Lookup("need")
		switch {
		case set:
			value.put(at.under(key, pair.line()), true)
			value.load(r, pair.value, field.Tag)
		default:
			value.put(at.under(key, node.Line), false)
			if needed {
				r.add(at.under(key, node.Line), "missing; %s", need)
			}
		}
	}
	for _, pair := range pairs {
		if name := pair.key.Value; !slices.Contains(keys, name) && (at.key != "" || !strings.HasPrefix(name, "x-")) {
			r.add(place{file: at.file, line: pair.key.Line, key: at.key}, "%s", unknownKey(pair, keys))
		}
	}
	return true
}

// fields are those of the struct that into points to which stand for a key.
func fields(into any) func(yield func(reflect.StructField, kind) bool) {
	value := reflect.ValueOf(into).Elem()
	return func(yield func(reflect.StructField, kind) bool) {
		for i := range value.NumField() {
			field := value.Type().Field(i)
			if field.Tag.Get("key") == "" {
				continue
			}
			if setting, ok := value.Field(i).Addr().Interface().(kind); ok && !yield(field, setting) {
				return
			}
		}
	}
}

// scalar returns the node behind an alias when it is one value of one of these types, and adds a fault otherwise. Values
// are not repeated: any of them may be a password in the wrong place.
func (r *fleetReader) scalar(node *yaml.Node, at place, rules reflect.StructTag, tags ...string) *yaml.Node {
	node = follow(node)
	switch {
	case empty(node):
		r.add(at, "empty; %s", cmp.Or(rules.Get("need"), "give it a value or leave the key out"))
	case node.Kind == yaml.ScalarNode && slices.Contains(tags, node.ShortTag()):
		return node
	case tags[0] == "!!str" && node.Kind == yaml.ScalarNode:
		r.add(at, "%s where a text belongs; put it in quotes", what(node))
	default:
		r.add(at, "%s; want %s", what(node), wanted[tags[0]])
	}
	return nil
}

// sequence returns the items of a list that is not empty.
func (r *fleetReader) sequence(node *yaml.Node, at place, rules reflect.StructTag) []*yaml.Node {
	node = follow(node)
	switch {
	case empty(node):
		r.add(at, "empty; %s", cmp.Or(rules.Get("need"), "list something or leave the key out"))
	case node.Kind == yaml.SequenceNode:
		return node.Content
	default:
		r.add(at, "%s; want a list: write [one, two], or one item a line after `- `", what(node))
	}
	return nil
}

var wanted = map[string]string{"!!str": "one text", "!!bool": "true or false", "!!int": "a whole number"}

// what says what a node is, without its value.
func what(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a section of keys and values"
	case yaml.SequenceNode:
		return "a list"
	default:
		kinds := map[string]string{
			"!!int": "a number", "!!float": "a number", "!!bool": "true or false", "!!null": "empty", "!!timestamp": "a time", "!!str": "a text",
		}
		if kind, known := kinds[node.ShortTag()]; known {
			return kind
		}
		return "a value with a tag (!) of its own"
	}
}

func empty(node *yaml.Node) bool {
	if node.Kind == yaml.ScalarNode {
		return node.ShortTag() == "!!null" || strings.TrimSpace(node.Value) == ""
	}
	return len(node.Content) == 0
}

// follow returns what stands behind an alias.
func follow(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}
