//go:build e2e

package e2e_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

// gateway answers as the hosts of functions do that a binding may call: OpenFaaS' gateway runs a function behind
// /function/<name> and answers with what it says, and queues one behind /async-function/<name> with 202; Knative's broker takes
// a CloudEvent behind /<namespace>/<name> with 202, and nothing else. CloudEvents' own SDK reads what comes.
type gateway struct {
	*httptest.Server
	poison func(cloudevents.Event) int // status for an event that is never taken; 0 for one that is
	flaky  bool                        // one event in ten is failed at its first try

	mu    sync.Mutex
	held  chan struct{}
	calls []call
	tries map[string]int
}

// call is what was asked of the gateway and what it said.
type call struct {
	path   string
	header http.Header
	body   string
	event  cloudevents.Event
	status int
}

func startGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{tries: make(map[string]int), poison: func(cloudevents.Event) int { return 0 }}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	g.mu.Lock()
	held := g.held
	g.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := call{path: r.URL.Path, header: r.Header.Clone(), body: string(body), status: http.StatusBadRequest}
	if e, err := cloudevents.NewEventFromHTTPRequest(r); err == nil && r.Method == http.MethodPost && e.Validate() == nil {
		c.event = *e
		c.status = g.answer(r.URL.Path, e)
	}
	g.mu.Lock()
	g.calls = append(g.calls, c)
	g.mu.Unlock()
	w.WriteHeader(c.status)
	_, _ = fmt.Fprintf(w, "the function says %d", c.status)
}

func (g *gateway) answer(path string, e *cloudevents.Event) int {
	hash := fnv.New32()
	_, _ = hash.Write([]byte(e.ID()))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tries[e.ID()]++
	switch {
	case g.poison(*e) > 0:
		return g.poison(*e)
	case g.flaky && g.tries[e.ID()] == 1 && hash.Sum32()%10 == 0:
		return http.StatusInternalServerError
	case strings.HasPrefix(path, "/function/"):
		return http.StatusOK
	default:
		return http.StatusAccepted
	}
}

// hold keeps calls waiting until release.
func (g *gateway) hold() (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	held := make(chan struct{})
	g.held = held
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		close(held)
		g.held = nil
	}
}

// called is all calls so far.
func (g *gateway) called() []call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.calls)
}

// taken is the calls that were answered well, in order.
func (g *gateway) taken() []call {
	return slices.DeleteFunc(g.called(), func(c call) bool { return c.status >= http.StatusMultipleChoices })
}

func (g *gateway) component() string {
	return "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: functions}\nspec:\n  type: bindings.http\n  version: v1\n" +
		"  metadata: [{name: url, value: \"" + g.URL + "\"}]\n"
}

// withBackend is a folder of the shipped components, and others.
func withBackend(t *testing.T, others ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"pubsub.yaml", "state.yaml", "resiliency.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../components/nats", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, name), string(text))
	}
	for i, text := range others {
		write(t, filepath.Join(folder, fmt.Sprintf("other-%d.yaml", i)), text)
	}
	return folder
}
