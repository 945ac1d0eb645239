package fn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second // frees us of a caller that sends half an event; net/http lifts it before the handler runs
	idleForever   = -1               // a sidecar's connection closed at rest could cut off the event that it just sends
	drainGrace    = time.Second      // lets the answers of handlers that ended at the last moment leave
)

// Server calls a Handler for every event that is posted to it. It is safe for concurrent use and runs once.
type Server struct {
	handler Handler
	cfg     Config
	log     zerolog.Logger
	answer  func(http.ResponseWriter, outcome)
	slots   chan struct{} // nil is unlimited
	running sync.WaitGroup
}

// New makes a Server for the function of that name (it appears in every log line). It neither listens nor starts anything.
func New(name string, h Handler, cfg Config, log zerolog.Logger) *Server {
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	cfg.MaxBodyBytes = cmp.Or(cfg.MaxBodyBytes, DefaultMaxBodyBytes)
	s := &Server{handler: h, cfg: cfg, log: log.With().Str(keyFunction, name).Logger(), answer: answerHTTP}
	if cfg.Dapr {
		s.answer = answerDapr
	}
	if cfg.Concurrency > 0 {
		s.slots = make(chan struct{}, cfg.Concurrency)
	}
	return s
}

// Handler returns the HTTP side of the Server, for tests and for mounting it elsewhere.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.route) }

// Run listens on Config.Listen and serves until ctx ends; see Serve. An address that cannot be had is an error that names it.
func (s *Server) Run(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Listen)
	switch {
	case ctx.Err() != nil:
		return nil //nolint:nilerr // told to stop before it began
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w; stop the process that holds the port, or choose another one "+
			"(dapr run --app-port, appPort in dapr.yaml, or VCRELAY_FUNCTION_LISTEN=host:port)", err)
	case err != nil:
		return fmt.Errorf("%w; set VCRELAY_FUNCTION_LISTEN=host:port to an address of this machine", err)
	}
	return s.Serve(ctx, listener)
}

// Serve serves on listener, which it closes. When ctx ends it takes no new events, lets the running handlers finish (their context
// lives on) for at most the handler timeout and a second, and returns nil. An event cut off there was not acknowledged.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleForever,
		ErrorLog:          stdlog.New(s.log, "", 0),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	s.log.Info().Stringer(keyAddress, listener.Addr()).Bool("dapr", s.cfg.Dapr).Msg("function listening")
	select {
	case err := <-ended:
		return fmt.Errorf("serve events: %w", err)
	case <-ctx.Done():
		s.drain(context.WithoutCancel(ctx), server)
		<-ended //nolint:errcheck // Serve says that it was closed, by us
		return nil
	}
}

// drain waits for answers first, then for handlers that were already answered for because their time was up.
func (s *Server) drain(ctx context.Context, server *http.Server) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout+drainGrace)
	defer cancel()
	if err := server.Shutdown(ctx); err == nil && s.idle(ctx) {
		s.log.Info().Msg("function stopped")
		return
	}
	// The events are not acknowledged; to close the connections tells the sidecar so at once.
	_ = server.Close()
	s.log.Warn().Msg("function stopped while handlers were running, their events will be delivered again")
}

// idle reports whether all handlers have returned before ctx ended. After Shutdown no new ones start.
func (s *Server) idle(ctx context.Context) bool {
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}
