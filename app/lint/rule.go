package lint

import (
	"cmp"
	"slices"
	"strings"
)

// Rule is a danger that is looked for.
type Rule struct {
	ID       string
	Severity Severity
	Types    []string // of components; none for what is no setting of one type
	Danger   string
	Remedy   string
	Source   string // where the danger is told of, or how it was seen

	each func(s *set, c *component) []hit // over each component of the types
	all  func(s *set) []hit
}

// hit is one place of a danger.
type hit struct {
	at     mark
	what   string
	remedy string // where it is another than that of the rule
}

// Rules is every rule, in the order of their names.
func Rules() []Rule {
	all := slices.Concat(generalRules, deliveryRules, stateRules, jetstreamRules, redisRules, rabbitmqRules, kafkaRules, mqttRules,
		awsRules, azureRules, googleRules, pulsarRules, bindingRules)
	slices.SortFunc(all, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func (s *set) findings() []Finding {
	var found []Finding
	for _, rule := range Rules() {
		found = append(found, rule.findings(rule.hits(s))...)
	}
	s.sort(found)
	return found
}

func (r *Rule) findings(hits []hit) []Finding {
	var found []Finding
	for _, hit := range hits {
		found = append(found, Finding{
			File: hit.at.file, Line: hit.at.line, Severity: r.Severity, Rule: r.ID,
			What: hit.what, Danger: r.Danger, Remedy: cmp.Or(hit.remedy, r.Remedy),
		})
	}
	return found
}

// sort puts findings into the order of files and lines.
func (s *set) sort(found []Finding) {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(s.files, a.File), slices.Index(s.files, b.File)), cmp.Compare(a.Line, b.Line))
	})
}

func (r *Rule) hits(s *set) []hit {
	if r.all != nil {
		return r.all(s)
	}
	var hits []hit
	for _, c := range s.components {
		if len(r.Types) == 0 || slices.Contains(r.Types, c.brand) {
			hits = append(hits, r.each(s, c)...)
		}
	}
	return hits
}

// when finds a setting whose value is bad. otherwise is what the component takes where there is none.
func when(key, otherwise string, bad func(value) bool) func(*set, *component) []hit {
	return func(_ *set, c *component) []hit {
		if v := c.value(key, otherwise); v.plain && bad(v) {
			return []hit{{at: v.at, what: v.what()}}
		}
		return nil
	}
}

// anyOf finds what one of the finders finds.
func anyOf(finders ...func(*set, *component) []hit) func(*set, *component) []hit {
	return func(s *set, c *component) []hit {
		var hits []hit
		for _, find := range finders {
			hits = append(hits, find(s, c)...)
		}
		return hits
	}
}

// always finds the component itself, for a note.
func always(what string) func(*set, *component) []hit {
	return func(_ *set, c *component) []hit { return []hit{{at: c.at("spec", "type"), what: what}} }
}

func isTrue(v value) bool  { return v.truth() }
func isFalse(v value) bool { return !v.truth() }
func isEmpty(v value) bool { return v.text == "" }
func isGiven(v value) bool { return v.set }

func is(texts ...string) func(value) bool {
	return func(v value) bool { return slices.Contains(texts, strings.ToLower(v.text)) }
}

func isNot(text string) func(value) bool {
	return func(v value) bool { return !strings.EqualFold(v.text, text) }
}

func isBelow(least int) func(value) bool {
	return func(v value) bool { n, ok := v.number(); return ok && n < least }
}

func isPositive(v value) bool { n, ok := v.number(); return ok && n > 0 }
