package fn_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/functions/fn"
)

// start serves on a free port and returns the URL, the end of the context, and the result of Serve.
func start(t *testing.T, h fn.Handler, cfg fn.Config) (url string, stop func(), result <-chan error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() { ended <- fn.New("echo", h, cfg, (&logBook{}).logger()).Serve(ctx, listener) }()
	return "http://" + listener.Addr().String(), cancel, ended
}

func post(ctx context.Context, client *http.Client, url string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(structured))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/cloudevents+json")
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func TestTheEndWaitsForARunningHandlerAndItsAnswerArrives(t *testing.T) {
	var finished atomic.Bool
	var stop func()
	var address string
	url, stop, ended := start(t, func(ctx context.Context, _ cloudevents.Event) error {
		stop()
		for refused := false; !refused; { // until the drain has begun
			conn, err := net.Dial("tcp", address)
			if refused = err != nil; !refused {
				_ = conn.Close()
			}
		}
		finished.Store(true)
		return ctx.Err()
	}, fn.Config{Dapr: true})
	address = strings.TrimPrefix(url, "http://")
	code, body, err := post(t.Context(), http.DefaultClient, url)
	if err != nil || code != http.StatusOK || body != `{"status":"SUCCESS"}` {
		t.Errorf("answered %d %q, %v: the handler's context or its answer was cut", code, body, err)
	}
	if err := <-ended; err != nil || !finished.Load() {
		t.Errorf("Serve returned %v, handler finished: %v", err, finished.Load())
	}
}

// Go's own client reads an answer that comes early; many others write first and would only see a broken connection.
func TestATooLargeEventIsAnsweredToACallerThatWritesBeforeItReads(t *testing.T) {
	url, _, _ := start(t, never(t), fn.Config{Dapr: true})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const size = 10 * fn.DefaultMaxBodyBytes
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat(" ", size))
	if err != nil {
		t.Fatalf("cut off: %v", err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || string(body) != `{"status":"DROP"}` {
		t.Errorf("answered %d %q, %v", resp.StatusCode, body, err)
	}
}

func TestACallerThatGoesAwayEndsTheHandlersContext(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	seen := make(chan error, 1)
	url, _, _ := start(t, func(ctx context.Context, _ cloudevents.Event) error {
		leave()
		<-ctx.Done()
		seen <- ctx.Err()
		return nil
	}, fn.Config{Dapr: true, Timeout: time.Hour})
	_, _, _ = post(ctx, http.DefaultClient, url)
	if err := <-seen; err == nil {
		t.Error("the handler goes on for a sidecar that will deliver again")
	}
}

func TestABusyPortIsOneErrorWithARemedy(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	err = fn.New("echo", never(t), fn.Config{Listen: address}, (&logBook{}).logger()).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "VCRELAY_FUNCTION_LISTEN") {
		t.Errorf("Run returned %v", err)
	}
}

func TestRunReturnsNilWhenItsContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := fn.New("echo", never(t), fn.Config{Listen: "127.0.0.1:0"}, (&logBook{}).logger()).Run(ctx); err != nil {
		t.Error(err)
	}
}
