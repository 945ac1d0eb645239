package fn_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/functions/fn"
)

func TestTheEndDoesNotWaitForEverForAHandlerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipeListener()
		log := &logBook{}
		release, started := make(chan struct{}), make(chan struct{})
		server := fn.New("echo", func(context.Context, cloudevents.Event) error {
			close(started)
			<-release
			return nil
		}, fn.Config{Dapr: true, Timeout: 5 * time.Second}, log.logger())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(ctx, listener) }()
		answers := make(chan int, 1)
		go func() {
			code, _, _ := post(t.Context(), listener.client(), "http://pipe/")
			answers <- code
		}()
		<-started
		began := time.Now()
		cancel()
		if code := <-answers; code != http.StatusInternalServerError {
			t.Errorf("answered %d", code)
		}
		if err := <-ended; err != nil || time.Since(began) != 6*time.Second {
			t.Errorf("Serve returned %v after %s", err, time.Since(began))
		}
		if len(log.about(t, "function stopped while handlers were running, their events will be delivered again")) != 1 {
			t.Errorf("logged %s", log)
		}
		close(release)
	})
}

func TestAHandlerMayTakeLongerThanABodyMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipeListener()
		ended := listener.serve(t, func(ctx context.Context, _ cloudevents.Event) error {
			select {
			case <-time.After(10 * time.Minute):
			case <-ctx.Done():
			}
			return nil
		})
		code, body, err := post(t.Context(), listener.client(), "http://pipe/")
		if err != nil || code != http.StatusOK {
			t.Errorf("answered %d %s, %v: the handler's context was cut", code, body, err)
		}
		ended()
	})
}

func TestACallerThatStopsHalfWayIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipeListener()
		ended := listener.serve(t, never(t))
		ours, theirs := net.Pipe()
		defer ours.Close()
		listener.conns <- theirs
		began := time.Now()
		_, _ = fmt.Fprint(ours, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
		resp, err := http.ReadResponse(bufio.NewReader(ours), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusInternalServerError || time.Since(began) != 30*time.Second {
			t.Errorf("answered %d after %s", resp.StatusCode, time.Since(began))
		}
		ended()
	})
}

// pipeListener is a network in memory, so that synctest's clock runs.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			l.conns <- theirs
			return ours, nil
		},
	}}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// serve serves h with an hour's time for a handler, until the function that it returns is called.
func (l *pipeListener) serve(t *testing.T, h fn.Handler) (end func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	server := fn.New("echo", h, fn.Config{Dapr: true, Timeout: time.Hour}, (&logBook{}).logger())
	go func() { ended <- server.Serve(ctx, l) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
