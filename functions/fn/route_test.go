package fn_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/functions/fn"
)

func TestIgnoreAcknowledgesWithoutTheHandler(t *testing.T) {
	r := postStructured("not even an event")
	r.URL.Path = fn.IgnorePath
	w, _ := serve(never(t), fn.Config{Dapr: true}, r)
	if got := w.Body.String(); w.Code != http.StatusOK || got != `{"status":"SUCCESS"}` {
		t.Errorf("answered %d %q", w.Code, got)
	}
}

func TestAnEventIsTakenOnAnyPath(t *testing.T) {
	for _, path := range []string{"/", "/vm-tag", "//a/../b", "/healthz", "/dapr/subscribe", "/ignore/me"} {
		calls := 0
		r := postStructured(structured)
		r.URL.Path = path
		w, _ := serve(func(context.Context, cloudevents.Event) error { calls++; return nil }, fn.Config{Dapr: true}, r)
		if w.Code != http.StatusOK || calls != 1 {
			t.Errorf("POST %s answered %d with %d calls", path, w.Code, calls)
		}
	}
}

func TestTheHostsQuestionsAreAnswered(t *testing.T) {
	for question, want := range map[string]string{
		"GET /healthz":        "200 ",
		"HEAD /healthz":       "200 ",
		"GET /_/health":       "200 ",
		"GET /_/ready":        "200 ",
		"GET /dapr/subscribe": "200 []",
		"GET /dapr/config":    "404 404 page not found\n",
		"OPTIONS /cron":       "404 404 page not found\n", // 405 would subscribe us to an input binding
	} {
		var method, path string
		_, _ = fmt.Sscan(question, &method, &path)
		w, _ := serve(never(t), fn.Config{Dapr: true}, httptest.NewRequest(method, path, nil))
		if got := fmt.Sprintf("%d %s", w.Code, w.Body); got != want {
			t.Errorf("%s answered %q, want %q", question, got, want)
		}
	}
}

func TestOnlyTheBearerOfTheTokenMayDeliver(t *testing.T) {
	cfg := fn.Config{Dapr: true, Token: "right"}
	for given, want := range map[string]int{"": 401, "wrong": 401, "right": 200} {
		for _, path := range []string{"/echo", fn.IgnorePath} {
			r := postStructured(structured)
			r.URL.Path = path
			r.Header.Set(fn.TokenHeader, given)
			if w, _ := serve(returns(nil), cfg, r); w.Code != want {
				t.Errorf("POST %s with token %q answered %d, want %d", path, given, w.Code, want)
			}
		}
	}
	if w, _ := serve(never(t), cfg, httptest.NewRequest(http.MethodGet, "/dapr/subscribe", nil)); w.Code != 401 {
		t.Errorf("GET /dapr/subscribe answered %d", w.Code)
	}
	if w, _ := serve(never(t), cfg, httptest.NewRequest(http.MethodGet, "/healthz", nil)); w.Code != 200 {
		t.Errorf("GET /healthz answered %d, a probe has no token", w.Code)
	}
}

func FuzzAnEventIsNeverAnswered404(f *testing.F) {
	f.Add("/echo", "application/cloudevents+json", "Ce-Id", "x", structured)
	f.Add("/", "application/json", "Ce-", "1.0", "{}")
	f.Add("/ignore", "application/cloudevents-batch+json", "Ce-Specversion", "0.3", "[]")
	f.Fuzz(func(t *testing.T, path, contentType, header, value, body string) {
		r := postStructured(body)
		r.URL.Path = path
		r.Header.Set("Content-Type", contentType)
		r.Header.Set(header, value)
		if w, _ := serve(returns(nil), fn.Config{Dapr: true}, r); w.Code != http.StatusOK {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
	})
}
