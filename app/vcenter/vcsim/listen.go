package vcsim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/vmware/govmomi/simulator"
	vapi "github.com/vmware/govmomi/vapi/simulator"
	"github.com/vmware/govmomi/vim25"
	"golang.org/x/sync/errgroup"
)

const (
	shutdownTimeout = 5 * time.Second
	headerTimeout   = 10 * time.Second
)

// Listen writes the certificate file and binds the address; afterwards URL is valid and connections queue up for Run.
// A second call does nothing.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return nil
	}
	if s.cfg.CertFile != "" {
		if err := writeAtomically(s.cfg.CertFile, s.CertificatePEM()); err != nil {
			return fmt.Errorf("write certificate of the simulated vCenter: %w", err)
		}
	}
	listener, err := net.Listen("tcp", s.cfg.Listen) //nolint:noctx // a local address does not keep one waiting
	if err != nil {
		return fmt.Errorf("listen on %s (set VCRELAY_VCSIM_LISTEN to another address): %w", s.cfg.Listen, err)
	}
	s.listener = listener
	s.url = &url.URL{Scheme: "https", Host: s.address(listener), Path: vim25.Path}
	s.model.Map().SessionManager().ServiceHostName = s.url.Host // here, where no call can be under way
	return nil
}

// address is where clients on this machine reach the listener.
func (s *Server) address(listener net.Listener) string {
	host := either(certificateHost(s.cfg.Listen), "127.0.0.1")
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return listener.Addr().String()
	}
	return net.JoinHostPort(host, port)
}

// certificateHost is the host of a listen address that a client can name; empty for "all addresses".
func certificateHost(listen string) string {
	host, _, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil || ip != nil && ip.IsUnspecified() {
		return ""
	}
	return host
}

// Run listens, if that is not done, and serves and works until ctx ends. It then stops, waits for all it started,
// releases what New took and returns nil. A server runs once.
func (s *Server) Run(ctx context.Context) error {
	if err := s.Listen(); err != nil {
		return errors.Join(err, s.Close())
	}
	s.logger.Info().Stringer("url", s.URL()).Int("events", s.Len()).Msg("simulated vcenter started")
	err := s.work(ctx)
	s.logger.Info().Int("events", s.Len()).Msg("simulated vcenter stopped")
	return errors.Join(err, s.Close())
}

func (s *Server) work(ctx context.Context) error {
	silent := &silentConnections{open: map[net.Conn]struct{}{}}
	web := s.newHTTPServer()
	web.ConnState = silent.note
	listener := tls.NewListener(s.listener, web.TLSConfig)
	notifier := &notifier{service: s.model.Service, log: s.log, sessions: s.sessions}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.workload.run(ctx) })
	group.Go(func() error { return notifier.run(ctx) })
	group.Go(func() error { return s.faults.run(ctx) })
	group.Go(func() error { return s.stop(ctx, web, silent) })
	group.Go(func() error {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve simulated vCenter: %w", err)
		}
		return nil
	})
	return group.Wait()
}

func (s *Server) newHTTPServer() *http.Server {
	return &http.Server{
		Handler:           s.newHandler(),
		ReadHeaderTimeout: headerTimeout,
		ErrorLog:          stdlog.New(s.logger.With().Str("component", "http").Logger(), "", 0),
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{s.certificate},
			MinVersion:   tls.VersionTLS12,
			NextProtos:   []string{"http/1.1"}, // the simulator hijacks and streams as HTTP/1 does
		},
	}
}

// newHandler serves what simulator.Service.NewServer would, on our own listener, and the control API.
func (s *Server) newHandler() http.Handler {
	service, registry := s.model.Service, s.model.Map()
	service.Listen = s.URL()
	service.Listen.User = url.UserPassword(s.cfg.Username, s.cfg.Password)
	service.RegisterSDK(registry, registry.Path+"/vimService")
	mux := service.ServeMux
	mux.HandleFunc(registry.Path+"/vimServiceVersions.xml", service.ServiceVersions)
	mux.HandleFunc("/folder/", service.ServeDatastore)
	mux.HandleFunc("/guestFile/", simulator.ServeGuest)
	mux.HandleFunc("/nfc/", simulator.ServeNFC)
	mux.HandleFunc("/about", service.About)
	patterns, rest := vapi.New(service.Listen, registry)
	for _, pattern := range patterns {
		service.Handle(pattern, rest)
	}
	s.wire.next = mux
	front := http.NewServeMux()
	front.Handle("/", mux)
	front.Handle(registry.Path, s.wire)
	front.Handle(registry.Path+"/", s.wire)
	s.control(front)
	return front
}

// stop waits for ctx and shuts the server down. A call that waits for updates would hold it up for ever: such calls
// are cancelled, again and again, because more of them may be on their way.
func (s *Server) stop(ctx context.Context, web *http.Server, silent *silentConnections) error {
	<-ctx.Done()
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- web.Shutdown(deadline) }()
	again := time.NewTicker(updatePause)
	defer again.Stop()
	for {
		s.sessions.cancelWaits()
		silent.close()
		select {
		case err := <-done:
			if err != nil {
				s.logger.Warn().Err(err).Msg("clients cut off")
				return web.Close()
			}
			return nil
		case <-again.C:
		}
	}
}

// Close releases the listener and the temporary files. Run does it; a second call does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.model.Remove()
	if s.listener == nil {
		return nil
	}
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close listener: %w", err)
	}
	return nil
}
