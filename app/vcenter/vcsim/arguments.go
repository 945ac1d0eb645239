package vcsim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// arguments are named values: name=value,name=value on the command line, an object in JSON. Each is asked for once; what
// is wrong with them is gathered, and a name that nobody has asked for is wrong too.
type arguments struct {
	values map[string]string
	known  []string
	faults []error
}

func parseArguments(text string) (*arguments, error) {
	a := &arguments{values: map[string]string{}}
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("read %q: %q is not name=value", text, part)
		}
		if _, twice := a.values[name]; twice {
			return nil, fmt.Errorf("read %q: %s is there twice", text, name)
		}
		a.values[name] = value
	}
	return a, nil
}

// UnmarshalJSON takes numbers, truth values and texts.
func (a *arguments) UnmarshalJSON(text []byte) error {
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	a.values = map[string]string{}
	for name, value := range object {
		switch v := value.(type) {
		case string:
			a.values[name] = v
		case float64:
			a.values[name] = strconv.FormatFloat(v, 'f', -1, 64)
		case bool:
			a.values[name] = strconv.FormatBool(v)
		default:
			return fmt.Errorf("%s is neither a text nor a number", name)
		}
	}
	return nil
}

// String is what parseArguments reads, kind first.
func (a *arguments) String() string {
	names := slices.SortedFunc(maps.Keys(a.values), func(x, y string) int {
		return cmp.Or(-cmp.Compare(rank(x), rank(y)), cmp.Compare(x, y))
	})
	var parts []string
	for _, name := range names {
		parts = append(parts, name+"="+a.values[name])
	}
	return strings.Join(parts, ",")
}

func rank(name string) int {
	if name == "kind" {
		return 1
	}
	return 0
}

func (a *arguments) take(name string) (string, bool) {
	a.known = append(a.known, name)
	value, ok := a.values[name]
	return value, ok
}

func (a *arguments) wrong(name, why string) {
	a.faults = append(a.faults, fmt.Errorf("%s=%s is %s", name, a.values[name], why))
}

func (a *arguments) text(name, otherwise string) string {
	if value, ok := a.take(name); ok {
		return value
	}
	return otherwise
}

// choice takes one of the values; the first is the default.
func (a *arguments) choice(name string, values ...string) string {
	value := a.text(name, values[0])
	if !slices.Contains(values, value) {
		a.wrong(name, "none of "+strings.Join(values, ", "))
	}
	return value
}

func (a *arguments) duration(name string, otherwise time.Duration) time.Duration {
	duration := a.step(name, otherwise)
	if duration < 0 {
		a.wrong(name, "negative")
	}
	return duration
}

// step is a duration that may be negative.
func (a *arguments) step(name string, otherwise time.Duration) time.Duration {
	value, ok := a.take(name)
	if !ok {
		return otherwise
	}
	duration, err := time.ParseDuration(value)
	if err != nil {
		a.wrong(name, "no duration, e.g. 30s")
	}
	return duration
}

func (a *arguments) number(name string, otherwise, low, high int) int {
	value, ok := a.take(name)
	if !ok {
		return otherwise
	}
	number, err := strconv.Atoi(value)
	if err != nil || number < low || number > high {
		a.wrong(name, fmt.Sprintf("no whole number from %d to %d", low, high))
		return otherwise
	}
	return number
}

func (a *arguments) key(name string, otherwise int32) int32 {
	value, ok := a.take(name)
	if !ok {
		return otherwise
	}
	key, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		a.wrong(name, "no key: a whole number of 32 bits")
	}
	return int32(key)
}

// share is a number above 0 and up to 1.
func (a *arguments) share(name string, otherwise float64) float64 {
	value, ok := a.take(name)
	if !ok {
		return otherwise
	}
	share, err := strconv.ParseFloat(value, 64)
	if err != nil || !(share > 0 && share <= 1) {
		a.wrong(name, "no share: above 0 and at most 1")
	}
	return share
}

func (a *arguments) truth(name string) bool {
	return a.choice(name, "false", "true") == "true"
}

// given tells whether there is a value of that name. It does not make the name known.
func (a *arguments) given(name string) bool {
	_, ok := a.values[name]
	return ok
}

// err gathers all that is wrong.
func (a *arguments) err() error {
	for _, name := range slices.Sorted(maps.Keys(a.values)) {
		if !slices.Contains(a.known, name) {
			a.faults = append(a.faults, fmt.Errorf("%s is not known here; there are %s", name, strings.Join(a.known, ", ")))
		}
	}
	if len(a.faults) == 0 {
		return nil
	}
	return fmt.Errorf("read %q: %w", a.String(), errors.Join(a.faults...))
}
