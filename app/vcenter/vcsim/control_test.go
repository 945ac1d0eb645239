package vcsim_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// control calls the control API and returns the answer's body.
func control(t *testing.T, server *vcsim.Server, method, path, body string, status int) []byte {
	t.Helper()
	u := server.URL()
	u.Path = ""
	request, err := http.NewRequestWithContext(t.Context(), method, u.String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := httpClient(t, server).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, response.StatusCode, status, answer)
	}
	return answer
}

type line struct {
	Index       int
	Key         int32
	CreatedTime string
	Class       string
	EventTypeID string
	Message     string
	Fate        string
}

func lines(t *testing.T, body []byte) []line {
	t.Helper()
	var all []line
	for scan := bufio.NewScanner(bytes.NewReader(body)); scan.Scan(); {
		var l line
		if err := json.Unmarshal(scan.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

func TestTheControlLogEqualsWhatACollectorReads(t *testing.T) {
	server := start(t, vcsim.Config{History: 1500})
	client := login(t, server)
	events := readAll(t, client, mustCollect(t, client, everything), 1000)
	log := lines(t, control(t, server, "GET", "/control/events", "", 200))
	if len(log) != len(events) {
		t.Fatalf("the log has %d events, the collector %d", len(log), len(events))
	}
	for i, event := range events {
		head := event.GetEvent()
		want := line{
			Index: i + 1, Key: head.Key, Class: reflect.TypeOf(event).Elem().Name(),
			CreatedTime: head.CreatedTime.Format("2006-01-02T15:04:05.000000Z"), Message: head.FullFormattedMessage,
		}
		switch e := event.(type) {
		case *types.EventEx:
			want.EventTypeID = e.EventTypeId
		case *types.ExtendedEvent:
			want.EventTypeID = e.EventTypeId
		}
		if log[i] != want {
			t.Fatalf("line %d is\n%+v, want\n%+v", i, log[i], want)
		}
	}
	tail := lines(t, control(t, server, "GET", "/control/events?after=1499", "", 200))
	if len(tail) != 2 || tail[0].Index != 1500 {
		t.Errorf("after 1499: %+v", tail)
	}
}

func TestTheStatusCountsEventsSessionsAndCollectors(t *testing.T) {
	server := start(t, vcsim.Config{History: 30, InstanceUUID: "5a3b0000-1111-2222-3333-444444444444"})
	client := login(t, server)
	login(t, server)
	mustCollect(t, client, everything)
	var status struct {
		InstanceUUID                 string
		Events, Sessions, Collectors int
		Rate                         float64
	}
	if err := json.Unmarshal(control(t, server, "GET", "/control/status", "", 200), &status); err != nil {
		t.Fatal(err)
	}
	if status.InstanceUUID != server.InstanceUUID() || status.Events != 32 || status.Sessions != 2 ||
		status.Collectors != 1 || status.Rate != 0 {
		t.Errorf("status is %+v", status)
	}
	if n := control(t, server, "POST", "/control/sessions/terminate", "", 200); !strings.Contains(string(n), "2") {
		t.Errorf("terminated %s", n)
	}
}

func TestPostedEventsAreOfTheClassAndMachineAskedFor(t *testing.T) {
	server := start(t, vcsim.Config{})
	control(t, server, "POST", "/control/events", `{"class":"VmRenamedEvent","vm":"DC0_H0_VM0","count":3}`, 200)
	control(t, server, "POST", "/control/events", `{"class":"com.vmware.cis.tagging.attach"}`, 200)
	log := lines(t, control(t, server, "GET", "/control/events", "", 200))
	if len(log) != 4 || log[2].Class != "VmRenamedEvent" || !strings.Contains(log[2].Message, "DC0_H0_VM0") ||
		log[3].EventTypeID != "com.vmware.cis.tagging.attach" {
		t.Errorf("the log is %+v", log)
	}
}

func TestWhatTheControlAPICannotDoItRefuses(t *testing.T) {
	server := start(t, vcsim.Config{})
	for _, c := range []struct{ method, path, body, reason string }{
		{"POST", "/control/events", `{"class":"NoSuchEvent"}`, "VmPoweredOnEvent"}, // the list of known classes
		{"POST", "/control/events", `{"class":"VmPoweredOnEvent","vm":"nobody"}`, "nobody"},
		{"POST", "/control/events", `{"class":"VmPoweredOnEvent","count":-1}`, "count"},
		{"POST", "/control/events", `{"klass":"VmPoweredOnEvent"}`, "klass"},
		{"PUT", "/control/rate", `{"rate":-1}`, "rate"},
		{"PUT", "/control/rate", `{}`, "rate"},
		{"GET", "/control/events?after=x", ``, "after"},
	} {
		if got := control(t, server, c.method, c.path, c.body, 400); !strings.Contains(string(got), c.reason) {
			t.Errorf("%s %s %s: %s does not name %s", c.method, c.path, c.body, got, c.reason)
		}
	}
	if server.Len() != 0 || server.Rate() != 0 {
		t.Error("a refused call had an effect")
	}
}

func TestTheRateIsSetOverTheControlAPI(t *testing.T) {
	server := start(t, vcsim.Config{})
	control(t, server, "PUT", "/control/rate", `{"rate":500}`, 200)
	for server.Len() < 20 {
		<-tick(t)
	}
	control(t, server, "PUT", "/control/rate", `{"rate":0}`, 200)
	stopped := server.Len()
	control(t, server, "GET", "/control/status", "", 200)
	if n := server.Len(); n != stopped {
		t.Errorf("%d events after the rate was set to 0", n-stopped)
	}
}
