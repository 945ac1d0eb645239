package filter_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/filter"
)

func TestTheNamesOfAnExpression(t *testing.T) {
	for expression, want := range map[string]string{
		`subject == "A"`:  "[A] true",
		`"A" == subject`:  "[A] true",
		`.subject == "A"`: "[A] true",
		`event.subject == "A" || event.type == "com.vmware.vsphere.B.v0"`: "[A B] true",
		`subject in ["B", "A"]`:                                                "[A B] true",
		`subject in ["B", "A"] && subject != "A"`:                              "[A B] true",
		`subject in ["B", "A"] && type == "com.vmware.vsphere.A.v0"`:           "[A] true",
		`subject == "A" && (data.vm.name == "db" || late)`:                     "[A] true",
		`data.count > "b" && subject == "A"`:                                   "[A] true",
		`(subject == "A" && severity == "error") || (subject == "B" && !late)`: "[A B] true",
		`!(subject != "A")`:                                                    "[A] true",
		`!(subject != "A" || late)`:                                            "[A] true",
		`!(subject != "A" && subject != "B")`:                                  "[A B] true",
		`subject == "A" && subject == "B"`:                                     "[] true",
		`false`:                                                                "[] true",
		`subject in []`:                                                        "[] true",
		`true`:                                                                 "[] false",
		`subject != "A"`:                                                       "[] false",
		`!(subject == "A")`:                                                    "[] false",
		`subject == "A" || late`:                                               "[] false",
		`subject.startsWith("A")`:                                              "[] false",
		`subject.lowerAscii() == "a"`:                                          "[] false",
		`subject == "A" + "B"`:                                                 "[] false",
		`subject in ["A", severity]`:                                           "[] false",
		`subject in {"A": 1}`:                                                  "[] false",
		`"A" in [subject]`:                                                     "[] false",
		`late ? subject == "A" : subject == "B"`:                               "[] false",
		`type == "com.vmware.event.router/event"`:                              "[] false",
		`type in ["com.vmware.vsphere.A.v0", "com.vmware.event.router/eventex"]`: "[] false",
		`source == "A"`:                                           "[] false",
		`data.subject == "A"`:                                     "[] false",
		`["A"].exists(subject, subject == "A")`:                   "[] false",
		`["B"].exists(subject, subject == "B") && subject == "A"`: "[A] true",
		`(subject == "A") == true`:                                "[] false",
	} {
		if names, closed := celFilter(t, expression).Names(); fmt.Sprint(names, " ", closed) != want {
			t.Errorf("%s: names %v, closed %v; want %s", expression, names, closed, want)
		}
	}
}

// An event whose name is left out must not match, whatever else it is: neither surely nor in doubt. The expressions are
// random, and so are the events; the answer that they are compared with does not look at the names.
func TestNamesNeverLeaveOutWhatMatches(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 4))
	closed, useful := 0, 0
	for range 3000 {
		expression := randomExpression(random, 4)
		f := celFilter(t, expression)
		useful += provesNames(t, expression, f, randomEvents(random, 12))
		if _, isClosed := f.Names(); isClosed {
			closed++
		}
	}
	if closed < 300 || useful < 300 {
		t.Errorf("only %d expressions bound their names, and %d events that match are among those named: the test shows nothing", closed, useful)
	}
}

func TestNamesOfPatternsNeverLeaveOutWhatMatches(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 5))
	useful := 0
	for range 1500 {
		pattern := randomPattern(random)
		useful += provesNames(t, pattern, patternFilter(t, pattern), randomEvents(random, 12))
	}
	if useful < 300 {
		t.Errorf("only %d events match that are among those named: the test shows nothing", useful)
	}
}

// provesNames counts the events that match within closed names.
func provesNames(t *testing.T, text string, f *filter.Filter, events []*event.Event) (useful int) {
	t.Helper()
	names, closed := f.Names()
	for _, e := range events {
		matches, doubt := filter.Judge(f, e)
		if closed && matches && !slices.Contains(names, e.Name()) {
			t.Fatalf("%s: names %v leave out %s, which matches (doubt %v)\n\t%s", text, names, e.Name(), doubt, event.AppendCloudEvent(nil, e))
		}
		if again, _ := f.Match(e); again != matches {
			t.Fatalf("%s: Match is %v on %s, and %v without the names", text, again, e.Name(), matches)
		}
		if closed && matches {
			useful++
		}
	}
	return useful
}

func pick[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

func randomEvents(random *rand.Rand, n int) []*event.Event {
	events := make([]*event.Event, n)
	for i := range events {
		e := made(pick(random, `{}`, `{"n":1}`, `{"n":5,"s":"A"}`, `{"s":{"t":"B"}}`, `{`, `{"n":"x","list":["A","B"]}`, `{"list":[1]}`))
		e.Class = pick(random, "A", "B", "C", "D", event.ClassEventEx, event.ClassExtendedEvent)
		if e.Class == event.ClassEventEx || e.Class == event.ClassExtendedEvent {
			e.TypeID = pick(random, "A", "B", "C", "D", "")
		}
		e.Severity, e.Late = pick(random, "", "info", "error"), pick(random, true, false)
		events[i] = e
	}
	return events
}

// randomExpression is biased towards what bounds names, among what is missing, what cannot be judged, and what hides both.
func randomExpression(random *rand.Rand, depth int) string {
	if depth == 0 || random.IntN(5) == 0 {
		name := pick(random, "A", "B", "C", "D")
		return strings.ReplaceAll(pick(random,
			`subject == "?"`, `"?" == subject`, `subject != "?"`, `event.subject == "?"`, `.subject == "?"`, `subject in ["?", "A"]`, `!(subject in ["?", "B"])`,
			`type == "com.vmware.vsphere.?.v0"`, `type != "com.vmware.vsphere.?.v0"`, `event.type in ["com.vmware.vsphere.?.v0"]`,
			`type == "com.vmware.event.router/?"`, `subject.startsWith("?")`, `"?" in [subject, severity]`, `subject in []`,
			`data.n > 1`, `data.s == "?"`, `data.s.t == "?"`, `has(data.s)`, `data.list.exists(subject, subject == "?")`, `["?"].all(subject, subject == "A")`,
			`data.n > "?"`, `data.n / 0 == 1`, `severity == "error"`, `has(event.severity)`, `late`, `true`, `false`, `eventclass == "eventex"`), "?", name)
	}
	left, right := randomExpression(random, depth-1), randomExpression(random, depth-1)
	switch random.IntN(8) {
	case 0, 1, 2:
		return "(" + left + " && " + right + ")"
	case 3, 4:
		return "(" + left + " || " + right + ")"
	case 5:
		return "(" + left + " ? " + right + " : " + randomExpression(random, depth-1) + ")"
	case 6:
		return "(" + left + ") == (" + right + ")"
	default:
		return "!(" + left + ")"
	}
}

func randomPattern(random *rand.Rand) string {
	values := func(format string) string {
		list := []string{`"` + fmt.Sprintf(format, pick(random, "A", "B", "C")) + `"`}
		if random.IntN(2) == 0 {
			list = append(list, `"`+fmt.Sprintf(format, pick(random, "A", "B", "C"))+`"`)
		}
		if random.IntN(4) == 0 {
			list = append(list, pick(random, `{"prefix":"A"}`, `{"suffix":"B"}`, `{"equals-ignore-case":"c"}`, `null`, `5`))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	members := []string{`"id":[{"exists":true}]`}
	for _, member := range []string{
		`"subject":` + values("%s"), `"type":` + values("com.vmware.vsphere.%s.v0"), `"type":` + values("com.vmware.event.router/%s"), `"severity":["info"]`,
		`"data":{"n":[1,5]}`, `"data":{"s":[{"exists":false}]}`,
	} {
		name, _, _ := strings.Cut(member, ":")
		if random.IntN(3) == 0 && !slices.ContainsFunc(members, func(other string) bool { return strings.HasPrefix(other, name) }) {
			members = append(members, member)
		}
	}
	pattern := "{" + strings.Join(members, ",") + "}"
	switch random.IntN(3) {
	case 0:
		return `{"detail":` + pattern + `}`
	case 1:
		return `{"detail-type":` + values("%s") + `,"detail":` + pattern + `}`
	default:
		return pattern
	}
}
