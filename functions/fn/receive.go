package fn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

// IgnorePath is the default route of our subscriptions. With a dead-letter topic Dapr dead-letters what matches no route, so
// whatever a function does not care for is sent here and acknowledged.
const IgnorePath = "/ignore"

// Field keys of the log.
const (
	keyFunction = "function"
	keyEventID  = "event_id"
	keyType     = "event_type"
	keyStatus   = "status"
	keyDuration = "duration"
	keyAddress  = "address"
	keyStack    = "stack"
)

// errEnded is the result of a handler that never returned (runtime.Goexit).
var errEnded = errors.New("handler ended without a result")

// route is no http.ServeMux, which would redirect an event posted to an unclean path, and a 404 to an event drops it.
// An OPTIONS gets 404, which tells daprd that we are no input binding; 405 would subscribe us.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	switch {
	case isHealth(r):
		w.WriteHeader(http.StatusOK)
	case !s.cfg.Token.Admits(r.Header.Get(TokenHeader)):
		http.Error(w, "wrong or missing "+TokenHeader, http.StatusUnauthorized)
	case r.Method == http.MethodPost && r.URL.Path == IgnorePath:
		s.discard(r.Body)
		s.answer(w, handled)
	case r.Method == http.MethodPost:
		s.receive(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/dapr/subscribe":
		writeJSON(w, "[]") // subscriptions are declared in YAML; a 404 makes daprd log an error
	default:
		http.NotFound(w, r) // includes GET /dapr/config, where daprd then takes its defaults
	}
}

func isHealth(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	switch r.URL.Path {
	case "/healthz", "/_/health", "/_/ready":
		return true
	}
	return false
}

// receive answers only when the event's outcome is known.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	ev, err := s.decode(r)
	if err == nil {
		err = s.handle(r.Context(), ev)
	}
	o := outcomeOf(err)
	line, message := o.line(&s.log)
	line.Err(err).Str(keyEventID, ev.ID()).Str(keyType, ev.Type()).
		Str(keyStatus, o.status()).Dur(keyDuration, time.Since(began)).Msg(message)
	s.answer(w, o)
}

// handle waits for the handler's result or until time is up, whichever is first. Once ctx has ended (time is up, or the caller
// has gone) even nil is no success: the handler may have stopped half-way because of it.
func (s *Server) handle(ctx context.Context, ev cloudevents.Event) error {
	slow := fmt.Errorf("time is up after %s (VCRELAY_FUNCTION_TIMEOUT)", s.cfg.Timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, s.cfg.Timeout, slow)
	defer cancel()
	if err := s.acquire(ctx); err != nil {
		return fmt.Errorf("wait for a free handler: %w", err)
	}
	result := make(chan error, 1)
	s.running.Go(func() { s.call(ctx, ev, result) })
	var err error
	select {
	case err = <-result:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return late(ctx, err)
	}
	return err
}

// late keeps the text of the handler's error and not its mark: a Drop caused by ctx having ended is none.
func late(ctx context.Context, err error) error {
	if err == nil {
		return fmt.Errorf("handle event: %w", context.Cause(ctx))
	}
	return fmt.Errorf("handle event: %w; then %s", context.Cause(ctx), err.Error())
}

// call runs the handler and always delivers one result, after a panic too. It gives the slot back only when the handler has
// really ended, so that handlers that hang cannot pile up past the limit.
func (s *Server) call(ctx context.Context, ev cloudevents.Event, result chan<- error) {
	err := errEnded
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("handler panicked: %v", p)
			s.log.Debug().Str(keyEventID, ev.ID()).Bytes(keyStack, debug.Stack()).Msg("handler panicked")
		}
		s.release()
		result <- err
	}()
	err = s.handler(ctx, ev)
}

func (s *Server) acquire(ctx context.Context) error {
	if s.slots == nil {
		return nil
	}
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Server) release() {
	if s.slots != nil {
		<-s.slots
	}
}
