package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/filter"
)

func TestAPatternTakesTheGoldenEventsThatItDescribes(t *testing.T) {
	events := golden(t)
	for pattern, want := range map[string]string{
		`{"subject":["VmPoweredOnEvent"]}`:                                                             "VmPoweredOnEvent",
		`{"type":["com.vmware.vsphere.TaskEvent.v0"]}`:                                                 "TaskEvent",
		`{"subject":[{"wildcard":"Vm*On*"}]}`:                                                          "VmPoweredOnEvent",
		`{"subject":[{"prefix":"VmPowered"}]}`:                                                         "VmPoweredOffEvent VmPoweredOnEvent",
		`{"subject":[{"suffix":"OnEvent"}]}`:                                                           "VmPoweredOnEvent",
		`{"subject":[{"equals-ignore-case":"vmpoweredonevent"}]}`:                                      "VmPoweredOnEvent",
		`{"severity":[{"anything-but":["info","warning"]}]}`:                                           allErrors,
		`{"severity":["error"],"entity":[{"exists":true}]}`:                                            "HostConnectionLostEvent esx.problem.storage.connectivity.lost",
		`{"severity":[{"anything-but":"info"}],"entity":[{"exists":false}]}`:                           "BadUsernameSessionEvent",
		`{"late":[{"exists":false}],"data":{"key":[1]}}`:                                               "AlarmStatusChangedEvent",
		`{"data":{"vm":{"name":[{"prefix":"DC0"}]}}}`:                                                  allOfVMs,
		`{"subject":["VmPoweredOnEvent","TaskEvent"],"data":{"vm":{"name":["nobody"]}}}`:               "",
		`{"data":{"arguments":{"key":["paths"]}}}`:                                                     "esx.problem.storage.connectivity.lost",
		`{"detail":{"subject":["VmPoweredOnEvent"]}}`:                                                  "VmPoweredOnEvent",
		`{"detail":{"subject":["VmPoweredOnEvent","VmRenamedEvent"]}}`:                                 "VmPoweredOnEvent VmRenamedEvent",
		`{"detail-type":["TaskEvent"]}`:                                                                "TaskEvent",
		`{"detail-type":[{"prefix":"Host"}],"source":["https://vcenter.example.com/sdk"]}`:             "HostConnectionLostEvent",
		`{"source":["https://vcenter.example.com/sdk"],"detail":{"data":{"_typeName":["TaskEvent"]}}}`: "TaskEvent",
		`{"source":["https://elsewhere.example.com/sdk"],"detail":{"subject":["TaskEvent"]}}`:          "",
	} {
		if got := matched(t, patternFilter(t, pattern), events); got != want {
			t.Errorf("%s\n\ttook   %s\n\tshould %s", pattern, got, want)
		}
	}
}

func TestAPatternSeesTextsAsTheyAre(t *testing.T) {
	e := made(`{"user":"DOM\\jürgen","star":"a*b","quote":"say \"hi\""}`)
	for pattern, want := range map[string]bool{
		`{"vcname":["Rechenzentrum \"Süd\""]}`:                        true,
		`{"detail":{"vcname":[{"suffix":"d\""}]}}`:                    true,
		`{"data":{"user":["DOM\\jürgen"]}}`:                           true,
		`{"data":{"user":[{"suffix":"\\jürgen"}]}}`:                   true,
		`{"data":{"user":[{"suffix":"\\"}]}}`:                         false,
		`{"data":{"star":[{"suffix":"*b"}]}}`:                         true,
		`{"data":{"star":[{"suffix":"a*"}]}}`:                         false,
		`{"data":{"quote":[{"wildcard":"say *"}]}}`:                   true,
		`{"data":{"user":[{"equals-ignore-case":"dom\\JÜRGEN"}]}}`:    true,
		`{"vcname":[{"equals-ignore-case":"rechenzentrum \"süd\""}]}`: true,
	} {
		if matches, err := patternFilter(t, pattern).Match(e); matches != want || err != nil {
			t.Errorf("%s: matches %v, error %v", pattern, matches, err)
		}
	}
}

func TestAPatternLooksAtDataOnlyWhenItIsAsked(t *testing.T) {
	broken := made(`{"name":`)
	if matches, err := patternFilter(t, `{"severity":["info"],"late":[{"exists":false}]}`).Match(broken); !matches || err != nil {
		t.Errorf("matches %v, error %v", matches, err)
	}
	if matches, err := patternFilter(t, `{"data":{"name":["db"]}}`).Match(broken); !matches || err == nil {
		t.Errorf("matches %v, error %v", matches, err)
	}
	if matches, err := patternFilter(t, `{"subject":["TaskEvent"],"data":{"name":["db"]}}`).Match(broken); matches || err != nil {
		t.Errorf("an event of another name: matches %v, error %v", matches, err)
	}
}

// Data that cannot be read comes in all shapes; none of it ends the process, nor is it passed over where a member is asked for
// behind the fault.
func FuzzDataOfAnyKindIsJudged(f *testing.F) {
	for _, e := range golden(f) {
		f.Add(string(e.Data))
	}
	for _, seed := range []string{``, `{`, `{"a":`, `{"a":"\`, `{"a":"\u12`, `[[[`, `{"vm":{"name":["a","b"`, `{"a":tru`, `{"a":1.`, `{"a":-`, "{\"a\":\"\xff"} {
		f.Add(seed)
	}
	filters := []*filter.Filter{
		patternFilter(f, `{"data":{"vm":{"name":["db"]}}}`), patternFilter(f, `{"detail":{"data":{"vm":{"name":[{"exists":false}]},"a":[1]}}}`),
		patternFilter(f, `{"data":{"arguments":{"key":[{"wildcard":"*a*"}]}}}`), celFilter(f, `data.vm.name == "db" || data.a.exists(a, a > 1)`),
	}
	f.Fuzz(func(t *testing.T, data string) {
		for _, judging := range filters {
			if matches, err := judging.Match(made(data)); err != nil && !matches {
				t.Errorf("%q: an error without a match: %v", data, err)
			}
		}
	})
}

func TestTheNamesOfAPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		`{"subject":["B","A","B"]}`:                                  "[A B] true",
		`{"type":["com.vmware.vsphere.A.v0"]}`:                       "[A] true",
		`{"type":["com.vmware.vsphere.A.v0"],"subject":["A","B"]}`:   "[A] true",
		`{"type":["com.vmware.event.router/event"]}`:                 "[] false",
		`{"type":["com.vmware.event.router/event"],"subject":["A"]}`: "[A] true",
		`{"subject":["A",{"prefix":"B"}]}`:                           "[] false",
		`{"subject":[{"anything-but":["A"]}]}`:                       "[] false",
		`{"subject":["A",null]}`:                                     "[] false",
		`{"severity":["error"]}`:                                     "[] false",
		`{"detail":{"subject":["A"]}}`:                               "[A] true",
		`{"detail-type":["A"],"detail":{"subject":["B"]}}`:           "[] true",
		`{"detail-type":["A"],"source":["x"]}`:                       "[A] true",
		`{"data":{"subject":["A"]}}`:                                 "[] false",
	} {
		if names, closed := patternFilter(t, pattern).Names(); fmt.Sprint(names, " ", closed) != want {
			t.Errorf("%s: names %v, closed %v; want %s", pattern, names, closed, want)
		}
	}
}

func TestThePatternsOfTheOldRouterNeedNoChange(t *testing.T) {
	f := patternFilter(t, `{"detail": {"subject": ["VmPoweredOnEvent", "com.vmware.cis.tagging.attach"]}}`)
	attach := made(`{}`)
	attach.Class, attach.TypeID = event.ClassExtendedEvent, "com.vmware.cis.tagging.attach"
	other := made(`{}`)
	other.Class = "VmPoweredOffEvent"
	for e, want := range map[*event.Event]bool{made(`{}`): true, attach: true, other: false} {
		if matches, err := f.Match(e); matches != want || err != nil {
			t.Errorf("%s: matches %v, error %v", e.Name(), matches, err)
		}
	}
	if names, closed := f.Names(); !closed || strings.Join(names, " ") != "VmPoweredOnEvent com.vmware.cis.tagging.attach" {
		t.Errorf("names are %v, %v", names, closed)
	}
}

// Quamina does not know every way to write a number.
func TestDataThatQuaminaCannotReadIsDeliveredInDoubt(t *testing.T) {
	f := patternFilter(t, `{"data":{"name":["db"]}}`)
	if matches, err := f.Match(made(`{"load":1e+5,"name":"web"}`)); !matches || err == nil {
		t.Errorf("matches %v, error %v", matches, err)
	}
}
