package filter

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"

	"github.com/vcrelay/vcrelay/app/event"
)

// explain makes of CEL's faults ones that say how to mend them. Of syntax errors only the first one is told, since the others
// come of it.
func explain(expression string, faults []*cel.Error) error {
	var explained []error
	for _, fault := range faults {
		at := place(expression, fault.Location.Line(), fault.Location.Column())
		explained = append(explained, fmt.Errorf("%s: %s", at, remedy(fault.Message, isCall(expression, fault))))
		if strings.HasPrefix(fault.Message, "Syntax error") {
			break
		}
	}
	return errors.Join(explained...)
}

// isCall tells whether the fault is about a function: CEL puts it where the parenthesis stands.
func isCall(expression string, fault *cel.Error) bool {
	lines := strings.Split(expression, "\n")
	if at := fault.Location.Line() - 1; at >= 0 && at < len(lines) {
		line := []rune(lines[at])
		column := fault.Location.Column()
		return column >= 0 && column < len(line) && line[column] == '('
	}
	return false
}

// place counts from one, and leaves the line out where there is one only.
func place(expression string, line, column int) string {
	if strings.Contains(expression, "\n") {
		return fmt.Sprintf("line %d, column %d", line, column+1)
	}
	return fmt.Sprintf("column %d", column+1)
}

var undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)

// remedies are for the mistakes that one makes before one knows CEL.
var remedies = []struct {
	fault  *regexp.Regexp
	remedy string
}{
	{regexp.MustCompile(`token recognition error at: '=`), "; write == to compare"},
	{regexp.MustCompile(`^expected type 'bool'`), "; compare it with something"},
	{regexp.MustCompile(`^invalid matches argument`), ": it is no regular expression of RE2"},
	{regexp.MustCompile(`^invalid timestamp argument`), "; write timestamp(\"2026-01-31T12:00:00Z\")"},
	{regexp.MustCompile(`^invalid duration argument`), "; write duration(\"90s\")"},
	{regexp.MustCompile(`(extraneous|mismatched) input '(and|AND)'`), "; write && for and"},
	{regexp.MustCompile(`(extraneous|mismatched) input '(or|OR)'`), "; write || for or"},
	{regexp.MustCompile(`(extraneous|mismatched) input '(not|NOT)'`), "; write ! for not"},
	{regexp.MustCompile(`token recognition error at: '[&|]`), "; write && and || twice"},
	{regexp.MustCompile(`^invalid argument to has\(\)`), "; write has(event.severity) for an attribute, has(data.vm) for a member of data"},
	{regexp.MustCompile(`^found no matching overload for '_[=!<>]=?_'`), "; both sides have to be of one type: texts stand in quotes, a time is timestamp(\"2026-01-31T12:00:00Z\")"},
	{regexp.MustCompile(`^found no matching overload for '(_&&_|_\|\|_|!_)'`), "; each side has to be true or false: compare it with something"},
	{regexp.MustCompile(`^found no matching overload`), "; the function takes other arguments"},
	{regexp.MustCompile(`^Syntax error: mismatched input '<EOF>'`), "; the expression ends too early"},
	{regexp.MustCompile(`^Syntax error: extraneous input`), "; && or || stands between two conditions, ! before one that shall not hold"},
	{regexp.MustCompile(`^expression code point size exceeds limit`), "; split the route in two"},
}

func remedy(message string, call bool) string {
	message = strings.TrimSuffix(message, " (in container '')")
	if name := undeclared.FindStringSubmatch(message); name != nil {
		if call {
			return unknownFunction(name[1])
		}
		return unknown(name[1])
	}
	for _, known := range remedies {
		if known.fault.MatchString(message) {
			return message + known.remedy
		}
	}
	return message
}

// unknown says what may be meant by a name that there is not.
func unknown(name string) string {
	if nearest := guess(name, append(event.AttributeNames(), "data", "event")); nearest != "" {
		return fmt.Sprintf("there is no %s; did you mean %s?", name, nearest)
	}
	return fmt.Sprintf("there is no %s; a member of the event's JSON is data.%s, and the attributes are %s",
		name, name, strings.Join(event.AttributeNames(), ", "))
}

func unknownFunction(name string) string {
	if nearest := guess(name, callable()); nearest != "" {
		return fmt.Sprintf("there is no function %s; did you mean %s?", name, nearest)
	}
	return fmt.Sprintf("there is no function %s; those that there are: https://github.com/google/cel-spec/blob/master/doc/langdef.md", name)
}

// guess is the nearest name, or empty where none is near.
func guess(name string, known []string) string {
	distance := func(other string) int {
		if len(name) > 2 && strings.HasPrefix(other, name) {
			return 0
		}
		return levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(other))
	}
	nearest := slices.MinFunc(known, func(a, b string) int { return distance(a) - distance(b) })
	if distance(nearest) > max(1, len(name)/3) {
		return ""
	}
	return nearest
}

// callable are the functions that can be written by name.
func callable() []string {
	names := []string{"has"}
	if environment, err := celEnvironment(); err == nil {
		for name := range environment.Functions() {
			if !strings.ContainsAny(name, "_@!-") {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// usesOfEvent finds what CEL cannot check: members of event that no event has, and event used for anything but its members.
func usesOfEvent(checked *cel.Ast) []error {
	var faults []error
	root := ast.NavigateAST(checked.NativeRep())
	for _, use := range ast.MatchDescendants(root, func(e ast.NavigableExpr) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == "event" }) {
		if fault := useOfEvent(use); fault != "" {
			location := checked.NativeRep().SourceInfo().GetStartLocation(use.ID())
			text := checked.Source().Content()
			faults = append(faults, fmt.Errorf("%s: %s", place(text, location.Line(), location.Column()), fault))
		}
	}
	return faults
}

func useOfEvent(use ast.NavigableExpr) string {
	parent, hasParent := use.Parent()
	if !hasParent || parent.Kind() != ast.SelectKind {
		return "event is nothing by itself; write event.subject, or has(event.severity)"
	}
	member := parent.AsSelect().FieldName()
	if member != "data" && !slices.Contains(event.AttributeNames(), member) {
		return "of event " + unknown(member)
	}
	return ""
}
