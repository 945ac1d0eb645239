package runfile

import (
	"cmp"
	"errors"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"gopkg.in/yaml.v3"
)

// The errors of yaml.v3 are text only (decode.go: terror, mapping, mappingStruct, parser.fail).
var (
	withLine    = regexp.MustCompile(`(?s)^(?:yaml: )?(?:line (\d+): )?(.*)$`)
	unknownKey  = regexp.MustCompile(`(?s)^field (.*) not found in type runfile\.(\w+)$`)
	keyTwice    = regexp.MustCompile(`(?s)^mapping key "(.*)" already defined at line \d+$`)
	anotherType = regexp.MustCompile(`(?s)^cannot unmarshal (.+) into (\S+)$`)
)

// addYAML adds what yaml.v3 complains of. It reports whether all the rest was read: it leaves out a section in which a
// key is given twice, and all that follows a fault of syntax.
func (r *reader) addYAML(err error) (rest bool) {
	texts := []string{err.Error()}
	var wrong *yaml.TypeError
	if rest = errors.As(err, &wrong); rest {
		texts = wrong.Errors
	}
	for _, text := range texts {
		found := withLine.FindStringSubmatch(text)
		line, _ := strconv.Atoi(found[1])
		r.addLine(line, "%s", r.explain(found[2], line))
		rest = rest && !keyTwice.MatchString(found[2])
	}
	return rest
}

// explain says in the words of the file what yaml.v3 says in those of Go.
func (r *reader) explain(text string, line int) string {
	if found := unknownKey.FindStringSubmatch(text); found != nil {
		return unknown(found[1], found[2])
	}
	if found := anotherType.FindStringSubmatch(text); found != nil {
		text = r.keyAt(line, found[1]) + " wants " + cmp.Or(wanted[found[2]], "keys and values")
		if _, value, scalar := strings.Cut(found[1], " "); scalar {
			text += ", not " + value
		}
		return text
	}
	return keyTwice.ReplaceAllString(text, "$1 is given twice: keep one")
}

// wanted names Go's types for people; all others are keys and values.
var wanted = map[string]string{
	"int": "a whole number", "bool": "true or false", "string": "one value",
	"[]string": `a list: write ["one", "two"]`, "[]runfile.App": "a list: begin each app with `- `",
}

// keyAt is the key on that line whose value, or an item of it, is what yaml.v3 says: "!!str `value`".
func (r *reader) keyAt(line int, said string) string {
	for _, at := range slices.Sorted(maps.Keys(r.nodes)) {
		node := r.nodes[at]
		text := node.ShortTag()
		if node.Kind == yaml.ScalarNode {
			text += " `" + node.Value[:min(len(node.Value), 7)] // terror cuts there
		}
		if key := strings.Trim(at, "/0123456789"); node.Line == line && strings.HasPrefix(said, text) && key != "" {
			return path.Base(key)
		}
	}
	return "the run file"
}

// unknown says what to do about a key that its section does not have; almost every one is misspelt.
func unknown(key, section string) string {
	switch {
	case refused[key] != "":
		return key + " is not honoured here: " + refused[key]
	case section == "Shared" && slices.Contains(keysOf(App{}), key):
		return key + " belongs to each app, not to common: move it under `apps`"
	}
	best, least := "", 1+max(2, len(key)/3)
	for _, known := range keysOf(map[string]any{"document": document{}, "App": App{}, "Shared": Shared{}}[section]) {
		if distance := levenshtein.ComputeDistance(strings.ToLower(key), strings.ToLower(known)); distance < least {
			best, least = known, distance
		}
	}
	if best == "" {
		return "unknown key " + key + ": remove it"
	}
	return "unknown key " + key + ": did you mean " + best + "?"
}

func keysOf(section any) []string {
	var keys []string
	for _, field := range reflect.VisibleFields(reflect.TypeOf(section)) {
		if key, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); key != "" && key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}
