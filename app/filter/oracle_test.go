package filter_test

import (
	"encoding/json"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
)

// Patterns made of what golden events have in them, and of what they have not, are matched as EventBridge describes it, by
// reading pattern and event side by side.
func TestPatternsMatchAsAPlainReadingOfThemDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 9))
	events := golden(t)
	cloudEvents := make([]any, len(events))
	for i, e := range events {
		if err := json.Unmarshal(event.AppendCloudEvent(nil, e), &cloudEvents[i]); err != nil {
			t.Fatal(err)
		}
	}
	took := 0
	for range 2000 {
		pattern := map[string]any{}
		for range 1 + random.IntN(4) {
			addMember(random, pattern, pick(random, cloudEvents...), random.IntN(6) == 0)
		}
		text, err := json.Marshal(pattern)
		if err != nil {
			t.Fatal(err)
		}
		f := patternFilter(t, string(text))
		for i, e := range events {
			matches, err := f.Match(e)
			if want := fits(pattern, cloudEvents[i]); matches != want || err != nil {
				t.Errorf("%s on %s: matches %v, error %v; read plainly %v", text, e.Name(), matches, err, want)
			}
			if matches {
				took++
			}
		}
	}
	if took < 1000 {
		t.Errorf("only %d matches: the test shows nothing", took)
	}
}

// addMember walks down a random way through the event and demands what is there, or something else, of its end.
func addMember(random *rand.Rand, pattern map[string]any, value any, inList bool) {
	for {
		object, isObject := value.(map[string]any)
		if !isObject || len(object) == 0 {
			return
		}
		names := make([]string, 0, len(object))
		for name := range object {
			names = append(names, name)
		}
		slices.Sort(names)
		name := pick(random, names...)
		value = object[name]
		for list, isList := value.([]any); isList && len(list) > 0; list, isList = value.([]any) {
			value, inList = pick(random, list...), true
		}
		if _, deeper := value.(map[string]any); !deeper {
			if _, taken := pattern[name]; !taken {
				pattern[name] = demand(random, value, inList)
			}
			return
		}
		inner, isObject := pattern[name].(map[string]any)
		if !isObject {
			inner = map[string]any{}
			pattern[name] = inner
		}
		pattern = inner
		if random.IntN(12) == 0 && !inList {
			pattern["missing"] = []any{map[string]any{"exists": pick(random, true, false)}}
			return
		}
	}
}

func demand(random *rand.Rand, value any, inList bool) []any {
	text, isText := value.(string)
	if !isText {
		return []any{value}
	}
	letters := []rune(text)
	cut := random.IntN(len(letters) + 1)
	start, end := string(letters[:cut]), string(letters[cut:])
	operator := func(name string, operand any) []any { return []any{map[string]any{name: operand}} }
	switch random.IntN(9) {
	case 0:
		return operator("prefix", start)
	case 1:
		return operator("suffix", end)
	case 2:
		if !strings.ContainsAny(text, `*?[\`) {
			return operator("wildcard", start+"*"+end)
		}
	case 3:
		return operator("equals-ignore-case", strings.ToUpper(text))
	case 4:
		return operator("anything-but", []any{text, "other"})
	case 5:
		return operator("anything-but", "other")
	case 6:
		if !inList {
			return operator("exists", pick(random, true, false))
		}
	case 7:
		return []any{text + "x", "x" + text}
	}
	return []any{"other", text}
}

// fits reads the pattern plainly: every member has to fit, and of a list any element.
func fits(pattern, value any) bool {
	if list, isList := value.([]any); isList && len(list) > 0 {
		return slices.ContainsFunc(list, func(element any) bool { return fits(pattern, element) })
	}
	switch pattern := pattern.(type) {
	case map[string]any:
		object, _ := value.(map[string]any)
		for name, inner := range pattern {
			member, present := object[name]
			if !present {
				member = absent{}
			}
			if !fits(inner, member) {
				return false
			}
		}
		return true
	case []any:
		return slices.ContainsFunc(pattern, func(demanded any) bool { return fitsValue(demanded, value) })
	}
	return false
}

type absent struct{}

func fitsValue(demanded, value any) bool {
	operator, isOperator := demanded.(map[string]any)
	text, isText := value.(string)
	_, isAbsent := value.(absent)
	if _, isObject := value.(map[string]any); isObject {
		isAbsent = true
	}
	if list, isList := value.([]any); isList && len(list) == 0 {
		isAbsent = true
	}
	if !isOperator {
		return !isAbsent && demanded == value
	}
	for name, operand := range operator {
		word, _ := operand.(string)
		switch name {
		case "exists":
			return operand == !isAbsent
		case "prefix":
			return isText && strings.HasPrefix(text, word)
		case "suffix":
			return isText && strings.HasSuffix(text, word)
		case "wildcard":
			like, err := path.Match(strings.ReplaceAll(word, "/", "|"), strings.ReplaceAll(text, "/", "|"))
			return isText && like && err == nil
		case "equals-ignore-case":
			return isText && strings.EqualFold(text, word)
		case "anything-but":
			if list, isList := operand.([]any); isList && slices.Contains(list, value) {
				return false
			}
			return !isAbsent && operand != value
		}
	}
	return false
}
