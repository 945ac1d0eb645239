package vim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// front stands before a simulated vCenter, takes down the calls and may answer some in its own way.
type front struct {
	*httptest.Server
	answer func(r *http.Request, call string, pass func() string) string // of calls about properties

	mu    sync.Mutex
	calls []string
	log   bytes.Buffer // of sessions that were dialled through it
}

func newFront(t *testing.T, server *vcsim.Server) *front {
	t.Helper()
	f := &front{answer: func(_ *http.Request, _ string, pass func() string) string { return pass() }}
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "https", Host: server.URL().Host}) },
		Transport: soap.NewClient(server.URL(), true).DefaultTransport(),
		ErrorLog:  log.New(io.Discard, "", 0), // a watch that is stopped
	}
	f.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		call := string(body)
		f.mu.Lock()
		f.calls = append(f.calls, call)
		f.mu.Unlock()
		if !properties.MatchString(call) {
			forward.ServeHTTP(w, r)
			return
		}
		r.Header.Del("Accept-Encoding")
		recorder := httptest.NewRecorder()
		answer := f.answer(r, call, func() string {
			forward.ServeHTTP(recorder, r)
			return recorder.Body.String()
		})
		w.WriteHeader(recorder.Code)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(f.Close)
	return f
}

var properties = regexp.MustCompile(`<(RetrieveProperties|CreateFilter|WaitForUpdatesEx)\b`)

func (f *front) dial(t *testing.T) vcenter.Session {
	t.Helper()
	address := &url.URL{Scheme: "https", Host: f.Listener.Addr().String(), Path: "/sdk"}
	logger := zerolog.New(zerolog.SyncWriter(&f.log)).Level(zerolog.DebugLevel)
	return dialWith(t, address, soap.ThumbprintSHA256(f.Certificate()), vim.Filter{}, logger)
}

// asked counts the calls for a property.
func (f *front) asked(path string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, call := range f.calls {
		n += strings.Count(call, "<pathSet>"+path+"</pathSet>")
	}
	return n
}

// watch runs a watch until stop, which fails the test when the watch has ended before.
func watch(t *testing.T, session vcenter.Session) (told <-chan vcenter.Mark, stop func()) {
	t.Helper()
	marks := make(chan vcenter.Mark, 100)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- session.Watch(ctx, func(m vcenter.Mark) { marks <- m }) }()
	return marks, func() {
		t.Helper()
		select {
		case err := <-ended:
			t.Errorf("the watch has ended by itself: %v", err)
		default:
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("the watch ended with %v", err)
			}
		}
	}
}

// expect waits until an event is told, and minds that no other is told under its key.
func expect(t *testing.T, told <-chan vcenter.Mark, want types.BaseEvent) {
	t.Helper()
	head := want.GetEvent()
	for {
		select {
		case m := <-told:
			if m.Key != head.Key {
				continue // of the login
			}
			if !m.Created.Equal(head.CreatedTime) {
				t.Errorf("event %d of %s was told as of %s", head.Key, head.CreatedTime, m.Created)
			}
			return
		case <-time.After(10 * time.Second):
			t.Fatalf("event %d was not told", head.Key)
		}
	}
}

const (
	key     = "latestEvent.key"
	created = "latestEvent.createdTime"
)

// inParts matches what an answer says of a part of latestEvent.
func inParts(path string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)<(propSet|changeSet)><name>` + regexp.QuoteMeta(path) + `</name>.*?</(propSet|changeSet)>`)
}

func leftOut(paths ...string) func(*http.Request, string, func() string) string {
	return func(_ *http.Request, _ string, pass func() string) string {
		answer := pass()
		for _, path := range paths {
			answer = inParts(path).ReplaceAllString(answer, "")
		}
		return answer
	}
}

func named(_ *http.Request, _ string, pass func() string) string {
	answer := pass()
	for _, path := range []string{key, created} {
		answer = inParts(path).ReplaceAllString(answer, `<missingSet xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><path>`+path+
			`</path><fault><fault xsi:type="InvalidProperty"><name>`+path+`</name></fault><localizedMessage/></fault></missingSet>`)
	}
	return answer
}

// unnamed is a fault of a class that govmomi does not know.
func unnamed(r *http.Request, call string, pass func() string) string {
	return strings.ReplaceAll(named(r, call, pass), `xsi:type="InvalidProperty"`, `xsi:type="PathNotServed"`)
}

const refusal = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
	`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode>` +
	`<faultstring/><detail><InvalidPropertyFault xmlns="urn:vim25" xsi:type="InvalidProperty"><name>latestEvent.key</name>` +
	`</InvalidPropertyFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`

// atTheWait accepts the filter and refuses to report what it selects.
func atTheWait() func(*http.Request, string, func() string) string {
	parts := false
	return func(_ *http.Request, call string, pass func() string) string {
		if !strings.Contains(call, "<WaitForUpdatesEx") {
			parts = strings.Contains(call, key)
		}
		if parts && !strings.Contains(call, "<CreateFilter") {
			return refusal
		}
		return pass()
	}
}

// Of a large event that has just arrived nothing but its key and its time is wanted.
func TestTheNewestEventIsAskedForInPartsAndAsAWholeOnlyWhereThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		refused bool // by the simulated vCenter
		answer  func(*http.Request, string, func() string) string
		whole   bool
	}{
		"served":             {},
		"refused":            {refused: true, whole: true},
		"refused at wait":    {answer: atTheWait(), whole: true},
		"named as missing":   {answer: named, whole: true},
		"by an unknown name": {answer: unnamed, whole: true},
		"left out":           {answer: leftOut(key, created), whole: true},
		"time left out":      {answer: leftOut(created), whole: true},
	} {
		for _, first := range []string{"latest", "watch"} {
			t.Run(name+", "+first+" first", func(t *testing.T) {
				server := serve(t, func(config *vcsim.Config) { config.Readings.PathsRefused = c.refused })
				f := newFront(t, server)
				if c.answer != nil {
					f.answer = c.answer
				}
				session := f.dial(t)
				latest := func() {
					t.Helper()
					posted := server.Post(&types.VmPoweredOnEvent{}).GetEvent()
					newest, found, err := session.Latest(t.Context())
					if err != nil || !found || newest.Key != posted.Key || !newest.Created.Equal(posted.CreatedTime) {
						t.Errorf("the newest is %+v (%v, %v), want %d of %s", newest, found, err, posted.Key, posted.CreatedTime)
					}
				}
				watched := func() {
					t.Helper()
					told, stop := watch(t, session)
					for range 3 {
						expect(t, told, server.Post(&types.VmPoweredOnEvent{}))
					}
					stop()
				}
				turns := []func(){latest, watched, latest}
				if first == "watch" {
					turns = []func(){watched, latest, watched}
				}
				for _, turn := range turns {
					turn()
				}
				wantParts, wantWhole, wantLines := len(turns), 0, 0
				if c.whole {
					wantParts, wantWhole, wantLines = 1, len(turns), 1
				}
				if parts, whole := f.asked(key), f.asked("latestEvent"); parts != wantParts || f.asked(created) != parts || whole != wantWhole {
					t.Errorf("asked %d times for the parts, want %d, and %d times for the whole, want %d", parts, wantParts, whole, wantWhole)
				}
				n := strings.Count(f.log.String(), "asking vcenter for all of its newest event")
				if n != wantLines || strings.Contains(f.log.String(), "PANIC") { // what fmt makes of a fault that has no type
					t.Errorf("%d lines in the log, want %d:\n%s", n, wantLines, f.log.String())
				}
			})
		}
	}
}

// What is refused for another reason is refused as a whole too.
func TestAVCenterThatFailsOnceIsAskedForPartsAgain(t *testing.T) {
	server := serve(t, nil)
	f := newFront(t, server)
	session := f.dial(t)
	for _, method := range []string{"RetrieveProperties", "CreateFilter"} {
		if _, err := server.Fault("kind=fault,count=2,method=" + method); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := session.Latest(t.Context()); err == nil {
		t.Error("latest: the fault did not strike")
	}
	if err := session.Watch(t.Context(), func(vcenter.Mark) {}); err == nil {
		t.Error("watch: the fault did not strike")
	}
	before := f.asked("latestEvent")
	if _, found, err := session.Latest(t.Context()); err != nil || !found || f.asked("latestEvent") != before {
		t.Errorf("%v %v, and the whole was asked for %d times more", found, err, f.asked("latestEvent")-before)
	}
}

// vCenter sends what has changed. Two events of one moment differ by their keys, and halves may come one by one.
func TestPartsThatComeAloneAreJoined(t *testing.T) {
	noon := time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
	k := func(n int) string { return change(key, "int", fmt.Sprint(n)) }
	c := func(n int) string { return change(created, "dateTime", at(n).Format(time.RFC3339Nano)) }
	mark := func(key int32, n int) vcenter.Mark { return vcenter.Mark{Key: key, Created: at(n)} }
	gone := `<changeSet><name>latestEvent.key</name><op>indirectRemove</op></changeSet>`
	for name, test := range map[string]struct {
		updates []string
		want    []vcenter.Mark
	}{
		"together":               {[]string{k(1) + c(1), c(2) + k(2)}, []vcenter.Mark{mark(1, 1), mark(2, 2)}},
		"one moment":             {[]string{k(1) + c(1), k(2), k(3), k(4) + c(4)}, []vcenter.Mark{mark(1, 1), mark(2, 1), mark(3, 1), mark(4, 4)}},
		"time before its key":    {[]string{k(1) + c(1), c(2), k(2), c(3), k(3)}, []vcenter.Mark{mark(1, 1), {}, mark(2, 2), {}, mark(3, 3)}},
		"time after its key":     {[]string{k(1) + c(1), k(2), c(2)}, []vcenter.Mark{mark(1, 1), mark(2, 1), mark(2, 2)}},
		"several in one update":  {[]string{k(1) + c(1), k(2) + c(2) + k(3)}, []vcenter.Mark{mark(1, 1), mark(3, 2)}},
		"no event any more":      {[]string{k(1) + c(1), gone, k(2)}, []vcenter.Mark{mark(1, 1), {}, mark(2, 1)}},
		"an update with nothing": {[]string{k(1) + c(1), "", k(2) + c(2)}, []vcenter.Mark{mark(1, 1), mark(2, 2)}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t, serve(t, nil))
			left := test.updates
			f.answer = func(r *http.Request, call string, pass func() string) string {
				if !strings.Contains(call, "<WaitForUpdatesEx") {
					return pass()
				}
				if len(left) == 0 {
					<-r.Context().Done()
					return ""
				}
				var update string
				update, left = left[0], left[1:]
				return updateSet(len(left), update)
			}
			told, stop := watch(t, f.dial(t))
			var got []vcenter.Mark
			for range test.want {
				select {
				case m := <-told:
					m.Created = m.Created.UTC()
					got = append(got, m)
				case <-time.After(10 * time.Second):
				}
			}
			stop()
			if !slices.Equal(got, test.want) {
				t.Errorf("told %v, want %v", got, test.want)
			}
		})
	}
}

func change(path, class, value string) string {
	return fmt.Sprintf(`<changeSet><name>%s</name><op>assign</op><val xsi:type="xsd:%s">%s</val></changeSet>`, path, class, value)
}

func updateSet(version int, changes string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" `+
		`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soapenv:Body>`+
		`<WaitForUpdatesExResponse xmlns="urn:vim25"><returnval><version>v%d</version><filterSet><filter type="PropertyFilter">f</filter>`+
		`<objectSet><kind>modify</kind><obj type="EventManager">EventManager</obj>%s</objectSet></filterSet></returnval>`+
		`</WaitForUpdatesExResponse></soapenv:Body></soapenv:Envelope>`, version, changes)
}
