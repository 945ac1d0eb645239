package lint

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// value is what a component reads under a key.
type value struct {
	key   string
	text  string // "" for a reference to a secret or a variable
	set   bool   // not by default
	plain bool   // text is what it reads
	at    mark
}

// value returns the setting, or what the component takes where there is none. The letters of a key may be small or capital; the last
// setting of a name counts.
func (c *component) value(key, otherwise string) value {
	for _, s := range slices.Backward(c.settings) {
		if strings.EqualFold(s.name, key) {
			return value{key: s.name, text: s.value, set: true, plain: s.plain, at: s.at}
		}
	}
	return value{key: key, text: otherwise, plain: true, at: c.at("spec", "metadata")}
}

// what says what the setting is, as the beginning of a finding.
func (v value) what() string {
	switch {
	case v.set && v.text == "":
		return v.key + " is empty"
	case v.set:
		return v.key + " is " + v.text
	case v.text == "":
		return v.key + " is not set"
	default:
		return v.key + " is not set, and so " + v.text
	}
}

// truth is the value as Dapr understands a yes (utils/strings of dapr/kit).
func (v value) truth() bool {
	return slices.Contains([]string{"y", "yes", "true", "t", "on", "1"}, strings.ToLower(strings.TrimSpace(v.text)))
}

// number is the value as a whole number.
func (v value) number() (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(v.text))
	return n, err == nil
}

// duration is the value as a time; a bare number is of units, such as seconds.
func (v value) duration(unit time.Duration) (time.Duration, bool) {
	if n, ok := v.number(); ok {
		return time.Duration(n) * unit, true
	}
	d, err := time.ParseDuration(strings.TrimSpace(v.text))
	return d, err == nil
}
