//go:build e2e

package backends_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/functions/fn"
	"github.com/vcrelay/vcrelay/test/backends"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

func init() {
	children["function"], children["openfaas"], children["knative"] = runFunction, runOpenFaaS, runKnative
	atEnd = teststack.Clean
}

// refusedName is the name of the events that the function refuses always.
const refusedName = "com.example.refused"

var errRefused = errors.New("refused, as it always is")

// function writes down what it gets. It is as slow as the file of moods says.
type function struct {
	ledger *os.File
	mood   string // path
}

func openFunction(path, mood string) (*function, error) {
	ledger, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return &function{ledger: ledger, mood: mood}, err
}

func (f *function) handle(ctx context.Context, ev cloudevents.Event) error {
	if slow, found := strings.CutPrefix(f.moodNow(), "slow "); found {
		wait, err := time.ParseDuration(slow)
		if err != nil {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch {
	case strings.HasPrefix(ev.Type(), "com.vcrelay."):
		return f.write(ev, backends.Told)
	case strings.Contains(ev.Type(), refusedName):
		return errors.Join(f.write(ev, backends.Refused), errRefused)
	}
	return f.write(ev, backends.Handled)
}

// letter is the handler of the dead-letter topic.
func (f *function) letter(_ context.Context, ev cloudevents.Event) error {
	return f.write(ev, backends.Letter)
}

// write is one write, so that two replicas may share a ledger.
func (f *function) write(ev cloudevents.Event, outcome string) error {
	entity, _ := ev.Extensions()["entity"].(string)
	sequence, _ := ev.Extensions()["sequence"].(string)
	a := backends.Arrival{ID: ev.ID(), At: time.Now(), Outcome: outcome, Entity: entity, Sequence: sequence}
	_, err := f.ledger.WriteString(a.Line() + "\n")
	return err
}

func (f *function) moodNow() string {
	text, err := os.ReadFile(f.mood)
	if err != nil {
		return ""
	}
	return string(text)
}

// runFunction is the subscriber: the topic comes to /ledger, the dead letters to /letters.
func runFunction() error {
	f, err := openFunction(os.Getenv("E2E_LEDGER"), os.Getenv("E2E_MOOD"))
	if err != nil {
		return err
	}
	config, err := fn.ReadConfig(os.Getenv)
	if err != nil {
		return err
	}
	return serve(config.Listen, f.routes(config), func(string) {})
}

func (f *function) routes(config fn.Config) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/", fn.New("ledger", f.handle, config, zerolog.Nop()).Handler())
	mux.Handle("/letters", fn.New("letters", f.letter, config, zerolog.Nop()).Handler())
	return mux
}

// serve serves until SIGTERM.
func serve(address string, handler http.Handler, listening func(address string)) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	listening(address)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			return server.Close()
		}
		return nil
	}
}
