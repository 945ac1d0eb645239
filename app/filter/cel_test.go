package filter_test

import (
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	allOfVMs = "AlarmStatusChangedEvent DrsVmMigratedEvent TaskEvent VmCreatedEvent VmMigratedEvent VmPoweredOffEvent VmPoweredOnEvent " +
		"VmReconfiguredEvent VmRenamedEvent com.vmware.cis.tagging.attach com.vmware.vc.vm.VmStateFailedToRevertToSnapshot com.vmware.vcIntegrity.VMToolsNotRunning"
	allOfNoVM = "BadUsernameSessionEvent DVPortgroupReconfiguredEvent DatastoreDiscoveredEvent DvsPortConnectedEvent EnteredMaintenanceModeEvent " +
		"ExitMaintenanceModeEvent HostConnectionLostEvent UserLoginSessionEvent UserLogoutSessionEvent esx.problem.storage.connectivity.lost"
	allErrors = "BadUsernameSessionEvent HostConnectionLostEvent esx.problem.storage.connectivity.lost"
)

func TestAnExpressionTakesTheGoldenEventsThatItDescribes(t *testing.T) {
	events := golden(t)
	for expression, want := range map[string]string{
		`subject == "VmPoweredOnEvent"`:                                "VmPoweredOnEvent",
		`event.type == "com.vmware.vsphere.VmPoweredOnEvent.v0"`:       "VmPoweredOnEvent",
		`subject in ["VmRenamedEvent", "TaskEvent"]`:                   "TaskEvent VmRenamedEvent",
		`subject.startsWith("Vm") && subject.contains("Power")`:        "VmPoweredOffEvent VmPoweredOnEvent",
		`subject.matches("^esx[.]problem[.]")`:                         "esx.problem.storage.connectivity.lost",
		`eventclass != "event" && severity == "info"`:                  "com.vmware.cis.tagging.attach com.vmware.vcIntegrity.VMToolsNotRunning",
		`severity == "error"`:                                          allErrors,
		`entity.startsWith("HostSystem:") && has(data.datastore)`:      "DatastoreDiscoveredEvent",
		`!has(event.entity)`:                                           "BadUsernameSessionEvent UserLoginSessionEvent UserLogoutSessionEvent",
		`!late && !truncated && source.endsWith("/sdk") && event.late`: "",
		`time < timestamp("2000-01-01T00:00:00Z")`:                     "",
		`time.getFullYear() == 2026 && subject == "TaskEvent"`:         "TaskEvent",
		`data.vm.name.startsWith("DC0")`:                               allOfVMs,
		`event.data.vm.name.startsWith("DC0")`:                         allOfVMs,
		`!has(data.vm)`:                                                allOfNoVM,
		`data.?vm.?name.orValue("none") == "none"`:                     allOfNoVM,
		`has(event.data.vm) && data.host.name.lowerAscii() == "dc0_c0_h0" && subject == "AlarmStatusChangedEvent"`: "AlarmStatusChangedEvent",
		`has(data.arguments) && data.arguments.exists(a, a.key == "paths")`:                                        "esx.problem.storage.connectivity.lost",
		`specversion == "1.0" && datacontenttype == "application/json" && int(data.key) == 1`:                      "AlarmStatusChangedEvent",
	} {
		if got := matched(t, celFilter(t, expression), events); got != want {
			t.Errorf("%s\n\ttook  %s\n\tshould %s", expression, got, want)
		}
	}
}

func TestWhatAsksForAMissingMemberDoesNotMatch(t *testing.T) {
	e := made(`{"name": "db", "none": null, "list": [1], "object": {}}`)
	e.Severity = ""
	for _, expression := range []string{
		`data.vm.name == "db"`, `data.vm.name != "db"`, `!(data.vm.name == "db")`, `data["vm"] == 1`, `event.data.vm == 1`,
		`data.none.name == "db"`, `data.name.name == "db"`, `data.list[5] == 1`, `data.list[-1] == 1`, `data.list.name == 1`,
		`data.object.name == "db"`, `severity == "info"`, `severity != "info"`, `event.severity == "info"`, `data.missing` + ` > "b"`,
		`data.missing.matches("a")`, `data.missing.exists(m, m == 1)`, `data.missing == 1 || data.name == "other"`, `size(data.missing) > 0`,
		`data.missing ? true : true`, `{"a": 1}["b"] == 1`, `data.list.all(n, data.missing == n)`,
	} {
		if matches, err := celFilter(t, expression).Match(e); matches || err != nil {
			t.Errorf("%s: matches %v, error %v", expression, matches, err)
		}
	}
}

func TestAMissingMemberDoesNotHideWhatIsTrueWithoutIt(t *testing.T) {
	e := made(`{"name": "db"}`)
	for _, expression := range []string{
		`data.vm.name == "db" || data.name == "db"`, `data.name == "db" || data.vm.name == "db"`, `!(data.vm.name == "db" && data.name == "web")`,
		`["a", "b"].exists(x, data.missing == x || x == "b")`, `data.?vm.?name.orValue("db") == "db"`, `!has(data.vm) && !has(event.refusal)`,
	} {
		if matches, err := celFilter(t, expression).Match(e); !matches || err != nil {
			t.Errorf("%s: matches %v, error %v", expression, matches, err)
		}
	}
}

func TestWhatCannotBeJudgedIsDeliveredWithTheReason(t *testing.T) {
	for expression, reason := range map[string]string{
		`data.count > "b"`:   "no such overload",
		`data.name + 1 == 2`: "no such overload",
		`data.name` + ` == "x" || data.count.matches("a")`:     "no such overload",
		`int(data.name) == 1`:                                  "conversion error",
		`timestamp(data.name) < time`:                          "conversion error",
		`data.missing == 1 || data.count > "b"`:                "no such overload",
		`data.count > "b" || data.missing == 1`:                "no such overload",
		`data.missing == 1 || data.count.matches("a")`:         "no such overload",
		`["a"].exists(x, data.missing == x || data.count > x)`: "no such overload",
		`data.count / 0 == 1`:                                  "division by zero",
		`data.count + 9223372036854775807 > 1`:                 "overflow",
		`data.name.matches(data.pattern)`:                      "missing closing )",
	} {
		matches, err := celFilter(t, expression).Match(made(`{"name": "db", "count": 5, "pattern": "("}`))
		if !matches || err == nil || !strings.Contains(err.Error(), reason) || !strings.Contains(err.Error(), "8c1e3f7a-0000-4000-8000-1f2e3d4c5b6a-18-") {
			t.Errorf("%s: matches %v, error %v; want %q", expression, matches, err, reason)
		}
	}
}

func TestDoubtDoesNotDeliverWhatSurelyDoesNotMatch(t *testing.T) {
	for _, expression := range []string{`data.count > "b" && data.name == "web"`, `data.name == "web" && data.count > "b"`} {
		if matches, err := celFilter(t, expression).Match(made(`{"name": "db", "count": 5}`)); matches || err != nil {
			t.Errorf("%s: matches %v, error %v", expression, matches, err)
		}
	}
}

func TestADoubtIsForgottenWithItsEvent(t *testing.T) {
	f := celFilter(t, `data.missing == 1 || data.count > 3`)
	for _, step := range []struct {
		data    string
		matches bool
		doubt   bool
	}{{`{"count": "b"}`, true, true}, {`{}`, false, false}, {`{`, true, true}, {`{"count": 2}`, false, false}, {`{"count": 4}`, true, false}} {
		if matches, err := f.Match(made(step.data)); matches != step.matches || (err != nil) != step.doubt {
			t.Errorf("%s: matches %v, error %v", step.data, matches, err)
		}
	}
}

func TestDataThatIsNoJSONIsDeliveredInDoubtWhereItIsLookedAt(t *testing.T) {
	decided, elsewhere := celFilter(t, `data.name == "db" && severity == "error"`), celFilter(t, `severity == "info"`)
	for _, data := range []string{``, `{`, `{"name":`, `{"name":"db"`, `{"name":"db"} {}`, `{"name":"db"}}`, `<xml/>`, `{"name":db}`, `{"n":1e999,"name":"db"}`, "\x00"} {
		for _, looks := range []string{`data.name == "db"`, `event.data.name != "db"`, `has(data.vm)`, `!has(data.name)`, `data.?vm.hasValue()`, `data.x == 1 || data.count > "b"`, `size(data) > 5`} {
			if matches, err := celFilter(t, looks).Match(made(data)); !matches || err == nil || !strings.Contains(err.Error(), "data is no JSON") {
				t.Errorf("%q, %s: matches %v, error %v", data, looks, matches, err)
			}
		}
		if matches, err := decided.Match(made(data)); matches || err != nil {
			t.Errorf("%q: an event of another severity matches %v, error %v", data, matches, err)
		}
		if matches, err := elsewhere.Match(made(data)); !matches || err != nil {
			t.Errorf("%q: an expression that does not look at data: matches %v, error %v", data, matches, err)
		}
	}
}

func TestEveryWayToLookAtDataFindsItsMembers(t *testing.T) {
	e := made(`{"a": {"x": 1}, "b": [1, 2], "c": "a", "d": 1}`)
	for _, expression := range []string{
		`data.a.x == 1`, `data["a"].x == 1`, `data["a"]["x"] == 1`, `event.data.a.x == 1`, `event.data["a"].x == 1`, `data.?a.?x.orValue(2) == 1`,
		`data[?"a"].hasValue()`, `has(data.a) && has(data.a.x) && !has(data.x)`, `data[data.c].x == 1`, `"a" in data && !("x" in data)`, `size(data) == 4`,
		`data.exists(name, name == "d")`, `data == {"a": {"x": 1}, "b": [1, 2], "c": "a", "d": 1}`, `[data].all(each, each.d == 1)`,
		`[{"e": 1}].all(data, data.e == 1) && data.d == 1`, `(late ? {"f": 1} : data).d == 1`, `data.b.map(n, n + data.d) == [2, 3]`, `dyn(data).d == 1`,
	} {
		if matches, err := celFilter(t, expression).Match(e); !matches || err != nil {
			t.Errorf("%s: matches %v, error %v", expression, matches, err)
		}
	}
}

func TestNumbersKeepTheirValue(t *testing.T) {
	e := made(`{"large": 9007199254740993, "negative": -9223372036854775808, "unsigned": 18446744073709551615, "half": 0.5, "one": 1.0, "long": 1e3}`)
	for expression, want := range map[string]bool{
		`data.large == 9007199254740993`: true, `data.large == 9007199254740992`: false, `data.negative == -9223372036854775808`: true,
		`data.unsigned == 18446744073709551615u`: true, `data.unsigned > 9223372036854775807`: true, `data.half == 0.5`: true, `data.half < 1`: true,
		`data.one == 1`: true, `data.long == 1000`: true, `data.large in [9007199254740992]`: false,
	} {
		if matches, err := celFilter(t, expression).Match(e); matches != want || err != nil {
			t.Errorf("%s: matches %v, error %v", expression, matches, err)
		}
	}
}

func TestAnExpressionThatCostsTooMuchIsEnded(t *testing.T) {
	long := made(`{"list": [` + strings.TrimSuffix(strings.Repeat("1,", 600), ",") + `], "text": "aaaaaaaaaa"}`)
	grow := `data.text` + strings.Repeat(`.replace("a", "aaaaaaaaaa")`, 7) + ` == "b"`
	for _, expression := range []string{`data.list.all(a, data.list.all(b, a == b))`, grow, `data.list.exists(a, data.list.exists(b, a != b)) || severity == "x"`} {
		matches, err := celFilter(t, expression).Match(long)
		if !matches || err == nil || !strings.Contains(err.Error(), "cost limit exceeded") {
			t.Errorf("%.60s: matches %v, error %v", expression, matches, err)
		}
	}
	if matches, err := celFilter(t, `data.list.all(a, a == 1) && data.text.replace("a", "b") == "bbbbbbbbbb"`).Match(long); !matches || err != nil {
		t.Errorf("a sensible expression: matches %v, error %v", matches, err)
	}
}

func TestAttributesAreThoseOfTheCloudEvent(t *testing.T) {
	e := made(`{}`)
	e.Late, e.Refusal = true, "too\nlarge"
	for _, name := range event.AttributeNames() {
		expression := name + ` == "` + strings.NewReplacer(`"`, `\"`, "\n", `\n`).Replace(e.Attribute(name)) + `"`
		switch name {
		case "time":
			expression = `time == timestamp("2026-11-20T09:12:24.046512Z")`
		case "late":
			expression = `late && event.late && has(event.late)`
		case "truncated":
			expression = `!truncated && !has(event.truncated)`
		}
		if matches, err := celFilter(t, expression).Match(e); !matches || err != nil {
			t.Errorf("%s: matches %v, error %v", expression, matches, err)
		}
	}
}
