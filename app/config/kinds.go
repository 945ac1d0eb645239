package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// kind is a kind of setting in the file: it reads itself from a node that is there, and describes itself to the schema.
type kind interface {
	put(at place, set bool)
	load(r *fleetReader, node *yaml.Node, rules reflect.StructTag)
	schema(rules reflect.StructTag) schema
}

// spot is where a setting stands, or would stand when it is not set.
type spot struct {
	at  place
	set bool
}

func (s *spot) put(at place, set bool) { s.at, s.set = at, set }

type text struct {
	spot
	value string
}

func (t *text) load(r *fleetReader, node *yaml.Node, rules reflect.StructTag) {
	if node = r.scalar(node, t.at, rules, "!!str", "!!timestamp"); node == nil {
		return
	}
	if unexpanded(t.at.name(), node.Value) {
		r.add(t.at, "variables are not expanded in this file; write the value, keep a secret in a file (usernameFile, passwordFile), or use secret://<store>/<name>#<key>")
		return
	}
	if r.obeys(node.Value, t.at, rules) {
		t.value = node.Value
	}
}

// unexpanded tells a value that other tools would take from the environment. A password may hold any letters, and CEL too.
func unexpanded(key, value string) bool {
	found := variable.FindString(value)
	return found != "" && key != "filter" && (key != "password" || found == value)
}

var variable = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

type flag struct {
	spot
	value bool
}

func (f *flag) load(r *fleetReader, node *yaml.Node, rules reflect.StructTag) {
	if node = r.scalar(node, f.at, rules, "!!bool"); node != nil && node.Decode(&f.value) != nil {
		r.add(f.at, "neither true nor false; write one of them")
	}
}

type number struct {
	spot
	value int
}

func (n *number) load(r *fleetReader, node *yaml.Node, rules reflect.StructTag) {
	if node = r.scalar(node, n.at, rules, "!!int"); node == nil {
		return
	}
	if node.Decode(&n.value) != nil {
		r.add(n.at, "%s is no whole number of 64 bits; write a smaller one", node.Value)
		return
	}
	n.value = taken[int](&r.report, n.at)(checkAmount(rules.Get("form"), n.value, node.Value))
}

type texts struct {
	spot
	items []text
}

func (t *texts) load(r *fleetReader, node *yaml.Node, rules reflect.StructTag) {
	for i, child := range r.sequence(node, t.at, rules) {
		item := text{spot: spot{at: t.at.item(i, follow(child).Line), set: true}}
		if item.load(r, child, rules); item.value == "" {
			continue
		}
		if slices.ContainsFunc(t.items, func(other text) bool { return other.value == item.value }) {
			r.add(item.at, "%q stands there twice; keep one", item.value)
		}
		t.items = append(t.items, item)
	}
}

// values are the items that could be read.
func (t *texts) values() []string {
	var values []string
	for _, item := range t.items {
		values = append(values, item.value)
	}
	return values
}

// free is a value of any form.
type free struct {
	spot
	json []byte
}

func (f *free) load(r *fleetReader, node *yaml.Node, _ reflect.StructTag) {
	f.json = r.object(follow(node), f.at)
}

// list is a list of sections of type S. What is no section is left out, and then the list is not whole.
type list[S any] struct {
	spot
	items []S
	whole bool
}

func (l *list[S]) load(r *fleetReader, node *yaml.Node, rules reflect.StructTag) {
	children := r.sequence(node, l.at, rules)
	l.whole = len(children) > 0
	for i, child := range children {
		var section S
		if r.section(follow(child), l.at.item(i, follow(child).Line), &section) {
			l.items = append(l.items, section)
		} else {
			l.whole = false
		}
	}
}

// form is what a value has to look like.
type form struct {
	pattern *regexp.Regexp
	remedy  string // begins with what a faulty value is not
}

var forms = map[string]form{
	"name":       {regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`), "is no name of a vCenter; use letters, digits, dots and dashes, e.g. prod"},
	"route":      {regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`), "is no name of a route, which is part of a key; use small letters, digits and dashes, e.g. vm-events"},
	"thumbprint": {thumbprintForm, noThumbprint},
	"event":      {eventName, "is no name of an event; use e.g. VmPoweredOnEvent or com.vmware.vc.HA.FailoverEvent"},
}

// obeys adds a fault when value has not the form that the rules ask for, or is none of the only ones.
func (r *fleetReader) obeys(value string, at place, rules reflect.StructTag) bool {
	if form, limited := forms[rules.Get("form")]; limited && !form.pattern.MatchString(value) {
		r.add(at, "%q %s", value, form.remedy)
		return false
	}
	if only := strings.Fields(rules.Get("one")); len(only) > 0 && !slices.Contains(only, value) {
		r.add(at, "%q is no %s; use %s", value, singular(at.name()), choice(only))
		return false
	}
	return true
}

// singular is the noun for a value of key, or for an item of it: severities[0] holds a severity.
func singular(key string) string {
	key, _, _ = strings.Cut(key, "[")
	if stem, plural := strings.CutSuffix(key, "ies"); plural {
		return stem + "y"
	}
	return key
}

func choice(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
