package web_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vcrelay/vcrelay/app/web"
)

func newServer(ready error) *web.Server {
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "vcrelay_test", Help: "For the test."}))
	return &web.Server{Listen: "127.0.0.1:0", Metrics: registry, Ready: func() error { return ready }}
}

func ask(server *web.Server, method, path string) (status int, body string) {
	recorder := httptest.NewRecorder()
	server.Handler().ServeHTTP(recorder, httptest.NewRequest(method, path, http.NoBody))
	return recorder.Code, recorder.Body.String()
}

func TestHealthIsOKEvenWhenNotReady(t *testing.T) {
	if status, body := ask(newServer(errors.New("vcenter: gone")), http.MethodGet, "/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("%d %q", status, body)
	}
}

func TestReadinessIs503WithTheReasonUntilReady(t *testing.T) {
	status, body := ask(newServer(errors.New("vcenter: connection refused")), http.MethodGet, "/readyz")
	if status != http.StatusServiceUnavailable || body != "not ready: vcenter: connection refused\n" {
		t.Errorf("%d %q", status, body)
	}
	if status, body := ask(newServer(nil), http.MethodGet, "/readyz"); status != http.StatusOK || body != "ready\n" {
		t.Errorf("%d %q", status, body)
	}
}

func TestReadinessTellsWhatIsAmissAlsoWhenReady(t *testing.T) {
	server := newServer(nil)
	server.Ill = func() error { return errors.New("west/default: connection refused\neast/default: login refused") }
	if status, body := ask(server, http.MethodGet, "/readyz"); status != http.StatusOK ||
		body != "ready\nnot ready: west/default: connection refused\neast/default: login refused\n" {
		t.Errorf("%d %q", status, body)
	}
	server.Ill = func() error { return nil }
	if status, body := ask(server, http.MethodGet, "/readyz"); status != http.StatusOK || body != "ready\n" {
		t.Errorf("%d %q", status, body)
	}
}

func TestMetricsAreThoseOfTheRegistry(t *testing.T) {
	if status, body := ask(newServer(nil), http.MethodGet, "/metrics"); status != http.StatusOK || !strings.Contains(body, "vcrelay_test 0") {
		t.Errorf("%d %q", status, body)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	for _, path := range []string{"/", "/healthz/x", "/debug/pprof/"} {
		if status, _ := ask(newServer(nil), http.MethodGet, path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := ask(newServer(nil), http.MethodPost, "/healthz"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
}

func TestABusyAddressIsAnErrorThatNamesTheVariable(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	server := newServer(nil)
	server.Listen = listener.Addr().String()
	err := server.Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), server.Listen) || !strings.Contains(err.Error(), "set VCRELAY_LISTEN to a free address") {
		t.Errorf("%v", err)
	}
}

func TestRunServesUntilItsContextEndsAndFreesTheAddress(t *testing.T) {
	server, address := opened(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/healthz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(answer.Body); string(body) != "ok\n" {
		t.Errorf("%q", body)
	}
	_ = answer.Body.Close()

	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	listen(t, address)
}

func TestRunReturnsAtOnceWhenItsContextHadEndedBefore(t *testing.T) {
	server, address := opened(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := server.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	listen(t, address)
}

// opened is a server that has taken an address of its own.
func opened(t *testing.T) (server *web.Server, address string) {
	t.Helper()
	server = newServer(nil)
	if err := server.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return server, server.Address()
}

// listen takes an address, which it can only when nobody else has it.
func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}
