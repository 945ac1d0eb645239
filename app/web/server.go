package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server answers /healthz (200 while the process lives), /readyz (200 while events can be relayed, else 503, with the reasons,
// and with what is amiss all the same) and /metrics.
type Server struct {
	Listen   string // host:port
	Metrics  prometheus.Gatherer
	Ready    func() error // nil while events can be relayed
	Ill      func() error // what is amiss while they can, nil for nothing; may be nil itself
	listener net.Listener
}

// Open takes the address, so that a busy one is known before anything else is started.
func (s *Server) Open(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("listen for health and metrics: %w; set VCRELAY_LISTEN to a free address", err)
	}
	s.listener = listener
	return nil
}

// Address is where the server listens, with the real port where Listen asked for port 0. Open comes first.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Run serves until ctx ends. Open comes first.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(closing) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(s.listener)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Handler is the server without its listener.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{}))
	return mux
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := s.Ready(); err != nil {
		http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, "ready")
	if s.Ill == nil {
		return
	}
	if err := s.Ill(); err != nil {
		_, _ = fmt.Fprintln(w, "not ready: "+err.Error())
	}
}
