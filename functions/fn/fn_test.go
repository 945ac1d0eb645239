package fn_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/functions/fn"
)

const (
	eventID = "3c0f7a10-42-1789000000000000"
	secret  = "payload-that-no-log-may-show"
)

// structured is an event as daprd posts it, its additions included.
const structured = `{"specversion":"1.0","id":"` + eventID + `","source":"https://vc.example/sdk",
 "type":"com.vmware.vsphere.VmPoweredOnEvent.v0","subject":"VmPoweredOnEvent","time":"2026-09-18T12:34:56.789012Z",
 "datacontenttype":"application/json","entity":"VirtualMachine:vm-62","sequence":"1789000000000000-0000000042",
 "pubsubname":"events","topic":"vcenter","traceid":"","data":{"fullFormattedMessage":"` + secret + `"}}`

func postStructured(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/echo", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/cloudevents+json")
	return r
}

func postBinary() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"fullFormattedMessage":"`+secret+`"}`))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "ce-specversion": "1.0", "ce-id": eventID, "ce-source": "https://vc.example/sdk",
		"ce-type": "com.vmware.vsphere.VmPoweredOnEvent.v0", "ce-subject": "VmPoweredOnEvent",
		"ce-time": "2026-09-18T12:34:56.789012Z", "ce-entity": "VirtualMachine:vm-62",
		"ce-sequence": "1789000000000000-0000000042",
	} {
		r.Header.Set(name, value)
	}
	return r
}

// serve answers one request and returns what was logged.
func serve(h fn.Handler, cfg fn.Config, r *http.Request) (*httptest.ResponseRecorder, *logBook) {
	log := &logBook{}
	w := httptest.NewRecorder()
	fn.New("echo", h, cfg, log.logger()).Handler().ServeHTTP(w, r)
	return w, log
}

func returns(err error) fn.Handler {
	return func(context.Context, cloudevents.Event) error { return err }
}

// never fails the test when an event reaches it.
func never(t *testing.T) fn.Handler {
	return func(context.Context, cloudevents.Event) error {
		t.Error("the handler was called")
		return nil
	}
}

// logBook is a log that may be read while others write.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) logger() zerolog.Logger { return zerolog.New(b).Level(zerolog.DebugLevel) }

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// about returns the lines with that message.
func (b *logBook) about(t *testing.T, message string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(b.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("log line %q: %v", text, err)
		}
		if line["message"] == message {
			lines = append(lines, line)
		}
	}
	return lines
}
