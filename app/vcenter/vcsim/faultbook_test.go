package vcsim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// aFault is a line of GET /control/faults.
type aFault struct {
	ID     int
	Fault  string
	State  string
	Struck int
}

func faultList(t *testing.T, server *vcsim.Server) []aFault {
	t.Helper()
	var list []aFault
	if err := json.Unmarshal(control(t, server, "GET", "/control/faults", "", 200), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// eventually waits until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for begin := time.Now(); !so(); {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("not so after 20 s:", what)
		}
		<-tick(t)
	}
}

func TestTheControlAPITakesListsAndClearsFaults(t *testing.T) {
	server := start(t, vcsim.Config{History: 10})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	id := control(t, server, "POST", "/control/faults", `{"kind":"fault","method":"ReadNextEvents","count":1}`, 200)
	if strings.TrimSpace(string(id)) != `{"id":1}` {
		t.Errorf("answer is %s", id)
	}
	control(t, server, "POST", "/control/faults", `{"kind":"purge","events":3,"after":"1h"}`, 200)
	if _, err := readNext(t, client, collector, 10); err == nil {
		t.Error("the fault has not struck")
	}
	want := []aFault{
		{1, "kind=fault,count=1,method=ReadNextEvents", "on", 1}, {2, "kind=purge,after=1h,events=3", "waiting", 0},
	}
	if got := faultList(t, server); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("faults are %+v, want %+v", got, want)
	}
	control(t, server, "POST", "/control/faults", `{"kind":"drop"}`, 200)
	if n := control(t, server, "DELETE", "/control/faults", "", 200); !strings.Contains(string(n), "3") {
		t.Errorf("cleared %s", n)
	}
	if list := faultList(t, server); len(list) != 0 {
		t.Errorf("left are %+v", list)
	}
	wantKeys(t, readAll(t, client, collector, 10), numbered(1, 11))
}

func TestAFaultBeginsAndEndsInTimeAndComesAgain(t *testing.T) {
	server := start(t, vcsim.Config{History: 10})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	mustFault(t, server, "kind=fault,method=ReadNextEvents,after=300ms,for=500ms,every=1500ms")
	fails := func() bool { _, err := readNext(t, client, collector, 1); return err != nil }
	if fails() {
		t.Error("it has begun before its time")
	}
	for range 2 {
		eventually(t, "it has begun", fails)
		eventually(t, "it has ended", func() bool { return !fails() })
	}
}

func TestFaultsOfTheConfigurationStandFromTheStart(t *testing.T) {
	server := start(t, vcsim.Config{History: 20, Faults: []string{
		"kind=purge,events=5", "kind=fault,method=ReadNextEvents,count=1",
	}})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	if _, err := readNext(t, client, collector, 1); err == nil {
		t.Error("no fault")
	}
	wantKeys(t, readAll(t, client, collector, 1000), numbered(6, 21))
}

func TestAFaultThatCannotBeUnderstoodIsRefused(t *testing.T) {
	server := newServer(t, vcsim.Config{})
	for text, want := range map[string]string{
		"kind=earthquake":             "earthquake",
		"method=ReadNextEvents":       "reset, drop, truncate", // the list of kinds
		"kind=reset,metod=X":          "metod is not known here; there are kind, after, every, method, count, probability, for",
		"kind=reset,count=0":          "count=0",
		"kind=reset,probability=2":    "probability=2",
		"kind=purge,for=1s":           "for is not known here",
		"kind=hole":                   "give one of share, entity, and first or last",
		"kind=hole,share=1,first=1":   "give one of share",
		"kind=hole,entity=nobody":     "entity=nobody is not in the inventory",
		"kind=restart,by=magic":       "by=magic is none of refuse, 503",
		"kind=late,share=0.1,after=x": "after=x is no duration",
		"kind=huge,size=100000":       "size=100000",
		"reset":                       "is not name=value",
		"kind=drop,kind=reset":        "kind is there twice",
	} {
		if _, err := server.Fault(text); err == nil || !contains(err, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, err := vcsim.New(vcsim.Config{Username: user, Password: password, Faults: []string{"kind=x"}})
	if err == nil || !contains(err, "kind \"x\"") {
		t.Errorf("configured: %v", err)
	}
	running := start(t, vcsim.Config{})
	control(t, running, "POST", "/control/faults", `{"kind":"reset","count":[1]}`, 400)
	control(t, running, "POST", "/control/faults", `{"kind":"x"}`, 400)
	if list := faultList(t, running); len(list) != 0 {
		t.Errorf("a refused fault stands: %+v", list)
	}
}
