package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// parse returns the top of the only document in content, or nil after a fault.
func (r *fleetReader) parse(file string, content []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var top, second yaml.Node
	first := decoder.Decode(&top)
	if first != nil && !errors.Is(first, io.EOF) {
		r.add(place{file: file, line: faultyLine(content, first)}, "%s", explainSyntax(first, content))
		return nil
	}
	if len(top.Content) == 0 || empty(top.Content[0]) {
		r.add(place{file: file, line: 1}, "the file is empty; it needs vcenters and routes, see samples/fleet")
		return nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		r.add(place{file: file, line: second.Line}, "a second document is never read; put everything into the first, without `---`")
	case !errors.Is(err, io.EOF):
		r.add(place{file: file, line: faultyLine(content, err)}, "%s", explainSyntax(err, content))
	}
	if top.Content[0].Kind != yaml.MappingNode {
		r.add(place{file: file, line: top.Content[0].Line}, "the file is %s; it needs the keys vcenters and routes", what(top.Content[0]))
		return nil
	}
	return top.Content[0]
}

// longest is how many lines faultyLine looks at.
const longest = 1000

// faultyLine is the first line up to which the file cannot be read, and with no more lines either: the line that a person
// has to look at. yaml.v3 itself names the one where the section around it begins.
func faultyLine(content []byte, err error) int {
	lines := bytes.SplitAfter(content, []byte("\n"))
	if len(lines) > longest {
		return saidLine(err)
	}
	at := len(lines)
	for at > 1 && !readable(bytes.Join(lines[:at-1], nil)) {
		at--
	}
	return at
}

func readable(content []byte) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var node yaml.Node
		if err := decoder.Decode(&node); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

var lineSaid = regexp.MustCompile(`^yaml: line ([0-9]+): `)

func saidLine(err error) int {
	found := lineSaid.FindStringSubmatch(err.Error())
	if found == nil {
		return 1
	}
	line, _ := strconv.Atoi(found[1]) // digits
	return max(line, 1)
}

// remedies are what mends a fault of syntax, by what yaml.v3 says (scannerc.go, parserc.go, decode.go). An anchor is not
// repeated: it may be a password that begins with *.
var remedies = []struct{ said, text string }{
	{"anchor '", "an alias (*name) without its anchor (&name); a value that begins with * or & needs quotes"},
	{"cannot start any token", "a value cannot begin like that; put one that begins with @, ` or % in quotes, and indent with spaces"},
	{"mapping values are not allowed", "a colon with a space where no key is expected; put a value that holds \": \" in quotes, and begin the keys of a section in one column"},
	{"did not find expected key", indentedOtherwise},
	{"did not find expected '-' indicator", indentedOtherwise},
	{"could not find expected ':'", "a line without a colon after its key; write key: value"},
	{"unknown escape character", "in double quotes a backslash begins an escape; use single quotes"},
	{"unexpected end of stream", "a quotation mark that is not closed; close it"},
	{"expected ',' or", "a bracket that is not closed, or a comma is missing; write [one, two] or {key: value}"},
	{"control characters", "a control character; remove it"},
	{"UTF", "not UTF-8; save the file as UTF-8"},
}

const indentedOtherwise = "indented differently from the lines before; begin the keys of a section in one column, and the items of a list (- ) in one column"

func explainSyntax(err error, content []byte) string {
	if line := faultyLine(content, err); tabbed(content, line) {
		return "indented by a tab; YAML wants spaces"
	}
	said := lineSaid.ReplaceAllString(err.Error(), "")
	for _, remedy := range remedies {
		if strings.Contains(said, remedy.said) {
			return remedy.text
		}
	}
	return "no YAML (" + strings.TrimPrefix(said, "yaml: ") + "); check quotation marks, brackets and indentation"
}

// tabbed tells whether a tab is in the indentation of a line.
func tabbed(content []byte, line int) bool {
	lines := strings.Split(string(content), "\n")
	if line > len(lines) {
		return false
	}
	text := lines[line-1]
	return strings.Contains(text[:len(text)-len(strings.TrimLeft(text, " \t"))], "\t")
}
