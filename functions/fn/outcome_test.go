package fn_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/functions/fn"
)

func TestEveryOutcomeIsAnsweredInTheCallersDialect(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name    string
		handler fn.Handler
		dapr    string
		plain   string
	}{
		{"success", returns(nil), `200 {"status":"SUCCESS"}`, "204 "},
		{"error", returns(boom), "500 ", "500 not handled, try again\n"},
		{"drop", returns(fn.Drop(boom)), `200 {"status":"DROP"}`, "422 the function cannot handle this event\n"},
		{
			"wrapped drop", returns(fmt.Errorf("tag vm: %w", fn.Drop(boom))),
			`200 {"status":"DROP"}`, "422 the function cannot handle this event\n",
		},
		{"panic", func(context.Context, cloudevents.Event) error { panic("boom") }, "500 ", "500 not handled, try again\n"},
		{
			"goroutine exit", func(context.Context, cloudevents.Event) error { runtime.Goexit(); return nil },
			"500 ", "500 not handled, try again\n",
		},
	} {
		for dialect, want := range map[bool]string{true: c.dapr, false: c.plain} {
			t.Run(fmt.Sprintf("%s, dapr %v", c.name, dialect), func(t *testing.T) {
				w, _ := serve(c.handler, fn.Config{Dapr: dialect}, postStructured(structured))
				if got := fmt.Sprintf("%d %s", w.Code, w.Body); got != want {
					t.Errorf("answered %q, want %q", got, want)
				}
			})
		}
	}
}

func TestWhatIsNoEventIsDroppedAndNeverAnswered404(t *testing.T) {
	for name, make := range map[string]func() *http.Request{
		"garbage": func() *http.Request { return postStructured("{" + secret) },
		"empty":   func() *http.Request { return postStructured("") },
		"no id":   func() *http.Request { return postStructured(strings.Replace(structured, `"id"`, `"xid"`, 1)) },
		"bad time": func() *http.Request {
			return postStructured(strings.Replace(structured, "2026-09-18T", "yesterday", 1))
		},
		"no mode":        func() *http.Request { r := postStructured(structured); r.Header.Del("Content-Type"); return r },
		"bare ce header": func() *http.Request { r := postBinary(); r.Header["Ce-"] = []string{"x"}; return r },
		"too large":      func() *http.Request { return postStructured(structured + strings.Repeat(" ", 2000)) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := fn.Config{Dapr: true, MaxBodyBytes: 1024}
			w, log := serve(never(t), cfg, make())
			if got := w.Body.String(); w.Code != http.StatusOK || got != `{"status":"DROP"}` {
				t.Errorf("under Dapr answered %d %q", w.Code, got)
			}
			if lines := log.about(t, "event dropped"); len(lines) != 1 || lines[0]["level"] != "error" {
				t.Errorf("want one error line, logged %s", log)
			}
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log shows the payload: %s", log)
			}
			cfg.Dapr = false
			if w, _ := serve(never(t), cfg, make()); w.Code != http.StatusBadRequest {
				t.Errorf("to a plain caller answered %d", w.Code)
			}
		})
	}
}

func TestABodyThatBreaksOffIsAskedForAgain(t *testing.T) {
	r := postStructured("")
	r.Body = brokenBody{}
	w, _ := serve(never(t), fn.Config{Dapr: true}, r)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("answered %d %s, a sound event would be dropped", w.Code, w.Body)
	}
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
func (brokenBody) Close() error             { return nil }

func TestDropKeepsTheCauseVisible(t *testing.T) {
	cause := &http.MaxBytesError{Limit: 7}
	err := fmt.Errorf("tag vm: %w", fn.Drop(cause))
	var found *http.MaxBytesError
	if !errors.Is(err, fn.ErrDrop) || !errors.Is(err, cause) || !errors.As(err, &found) {
		t.Errorf("%v hides its drop mark or its cause", err)
	}
	if want := "tag vm: " + cause.Error(); err.Error() != want {
		t.Errorf("reads %q, want %q", err, want)
	}
	if fn.Drop(nil) != nil {
		t.Error("Drop(nil) is an error")
	}
}
