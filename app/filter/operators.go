package filter

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
)

// otherwise says how to write what Quamina does not know of EventBridge.
var otherwise = map[string]string{
	"numeric": `write a filter in CEL, such as data.count > 5`,
	"cidr":    `write a filter in CEL, such as data.ipAddress.startsWith("10.1.")`,
	"$or":     `write a filter in CEL, such as subject == "VmPoweredOnEvent" || data.vm.name == "db"`,
}

// knownOperators are those that can be written. Quamina has no suffix, and takes anything-but with a list only: these two are
// written in its words.
var knownOperators = []string{"prefix", "suffix", "wildcard", "equals-ignore-case", "anything-but", "exists", "shellstyle"}

// checkValues returns the values in Quamina's words.
func (r *patternReader) checkValues(path string, list values) values {
	if strings.HasSuffix("."+path, ".$or") { // a fault already, and no list of values
		return list
	}
	if len(list) == 0 {
		r.fault(path, "has no values; write those that match, or {\"exists\": true} for any")
	}
	faults := len(r.faults)
	for i, value := range list {
		list[i] = r.checkValue(path, value)
	}
	if len(r.faults) == faults && len(list) > 0 {
		r.tryValues(path, list)
	}
	return list
}

func (r *patternReader) checkValue(path string, value any) any {
	switch value := value.(type) {
	case []any:
		r.fault(path, "a list in the list; write its values into one list")
	case json.Number:
		r.checkNumber(path, value)
	case map[string]any:
		return r.checkOperator(path, value)
	}
	return value
}

// checkNumber refuses what Quamina compares as floating point, in which more than one whole number is the same from 2^53 on.
func (r *patternReader) checkNumber(path string, n json.Number) {
	if f, err := n.Float64(); err != nil || math.Abs(f) >= 1<<53 {
		r.fault(path, "%s is too large to be compared exactly; write a filter in CEL, such as data.key == %s", n, n)
	}
}

func (r *patternReader) checkOperator(path string, operator map[string]any) any {
	if len(operator) != 1 {
		r.fault(path, "an operator stands alone in its braces, as in {\"prefix\": \"prod-\"}")
		return operator
	}
	for name, operand := range operator {
		switch {
		case otherwise[name] != "":
			r.fault(path, "the operator %s is not known here; %s", name, otherwise[name])
		case !slices.Contains(knownOperators, name):
			if nearest := guess(name, knownOperators); nearest != "" {
				r.fault(path, "there is no operator %s; did you mean %s?", name, nearest)
			} else {
				r.fault(path, "there is no operator %s; there are %s", name, strings.Join(knownOperators, ", "))
			}
		default:
			return r.checkOperand(path, name, operand)
		}
	}
	return operator
}

func (r *patternReader) checkOperand(path, operator string, operand any) any {
	text, isText := operand.(string)
	_, nested := operand.(map[string]any)
	switch {
	case nested:
		r.fault(path, "%s of another operator is not known here; write a filter in CEL, such as !data.vm.name.startsWith(\"test-\")", operator)
	case operator == "anything-but" && isText:
		operand = []any{text}
	case operator == "anything-but" && !onlyTexts(operand):
		r.fault(path, "anything-but takes texts only here; write a filter in CEL, such as data.count != 5")
	case operator == "suffix" && isText:
		return map[string]any{"wildcard": "*" + strings.NewReplacer(`\`, `\\`, `*`, `\*`).Replace(text)}
	case operator == "suffix":
		r.fault(path, "suffix takes a text")
	}
	return map[string]any{operator: operand}
}

func onlyTexts(operand any) bool {
	list, isList := operand.([]any)
	return isList && len(list) > 0 && !slices.ContainsFunc(list, func(value any) bool { _, isText := value.(string); return !isText })
}

// tryValues asks Quamina itself, which knows what it does not take, and says nothing of where it is.
func (r *patternReader) tryValues(path string, list values) {
	if _, err := newMatcher(object{"member": list}); err != nil {
		r.fault(path, "%s", err)
	}
}
