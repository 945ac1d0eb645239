package config

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"gopkg.in/yaml.v3"
)

// pair is one key of a section with its value.
type pair struct{ key, value *yaml.Node }

// line is that of the value, so that a fault behind an alias is shown where it can be mended; a value that is left empty
// stands where its key does.
func (p pair) line() int {
	if value := follow(p.value); value.Line > 0 && value.Kind == yaml.ScalarNode {
		return value.Line
	}
	return p.key.Line
}

type pairs []pair

func (p pairs) find(key string) (pair, bool) {
	for _, pair := range p {
		if pair.key.Value == key {
			return pair, true
		}
	}
	return pair{}, false
}

// pairs are the keys of a section, each once. Keys merged by << come after its own, and do not replace them.
func (r *fleetReader) pairs(node *yaml.Node, at place) pairs {
	var own pairs
	var merged []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		earlier, twice := own.find(key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || key.ShortTag() == "!!null":
			r.add(place{file: at.file, line: key.Line, key: at.key}, "a key that is %s; want a word", what(follow(key)))
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
		case twice:
			r.add(place{file: at.file, line: key.Line, key: at.key}, "%s is given twice, first in line %d; keep one of them", called(key.Value), earlier.key.Line)
		default:
			own = append(own, pair{key, value})
		}
	}
	for _, value := range merged {
		own = r.merge(own, follow(value), at)
	}
	return own
}

// called repeats a key that the file may have, and no other: what stands before a colon may be half of a password.
func called(key string) string {
	if slices.Contains(slices.Concat(keysOf(&fleetSection{}), keysOf(&vcenterSection{}), keysOf(&routeSection{})), key) {
		return key
	}
	return "a key"
}

// merge adds the keys of a section, or of several in a list, that are not there yet. One level is enough for settings
// that are shared, and no cycle of aliases can hold it up.
func (r *fleetReader) merge(own pairs, from *yaml.Node, at place) pairs {
	sections := []*yaml.Node{from}
	if from.Kind == yaml.SequenceNode {
		sections = from.Content
	}
	for _, section := range sections {
		section = follow(section)
		if section.Kind != yaml.MappingNode {
			r.add(place{file: at.file, line: section.Line, key: at.key}, "<< stands before %s; want an alias of a section (*name)", what(section))
			continue
		}
		for i := 0; i+1 < len(section.Content); i += 2 {
			if _, there := own.find(section.Content[i].Value); !there {
				own = append(own, pair{section.Content[i], section.Content[i+1]})
			}
		}
	}
	return own
}

// unknownKey says what to do about a key that its section does not have. One without a value that is nothing like any
// other is not repeated: it may be the end of a password with a comma.
func unknownKey(p pair, known []string) string {
	name := p.key.Value
	if near := nearest(name, known); near != "" {
		return "unknown key " + name + "; did you mean " + near + "?"
	}
	remedy := "; remove it, there are " + strings.Join(known, ", ")
	if slices.Contains(keysOf(&routeSection{}), name) {
		remedy = "; it belongs to a route, move it there"
	} else if slices.Contains(keysOf(&vcenterSection{}), name) {
		remedy = "; it belongs to a vCenter, move it there"
	}
	if empty(follow(p.value)) {
		return "unknown key" + remedy
	}
	return "unknown key " + name + remedy
}

func keysOf(section any) []string {
	var keys []string
	for field := range fields(section) {
		keys = append(keys, field.Tag.Get("key"))
	}
	return keys
}

// nearest is the word that name is most likely a misspelling of, or empty. Case, dashes and underscores do not count, and
// a beginning will do.
func nearest(name string, known []string) string {
	plain := func(word string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(word)) }
	best, least := "", 1+min(farthest, max(2, len(name)/3), len(name)/2)
	for _, word := range known {
		distance := levenshtein.ComputeDistance(plain(name), plain(word))
		if len(name) > 2 && strings.HasPrefix(plain(word), plain(name)) {
			distance = min(distance, 1)
		}
		if distance < least {
			best, least = word, distance
		}
	}
	return best
}
