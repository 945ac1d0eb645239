package vcsim

import (
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/url"
	"sync"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// Server is one simulated vCenter. Its methods are safe for concurrent use.
type Server struct {
	cfg         Config
	logger      zerolog.Logger
	model       *simulator.Model
	certificate tls.Certificate
	clock       *clock
	log         *history.Database
	sessions    *sessionTable
	printer     *printer
	workload    *workload
	wire        *wire
	faults      *faultBook

	mu       sync.Mutex
	listener net.Listener
	url      *url.URL
	closed   bool
}

// New builds inventory, certificate and history. It neither listens nor starts goroutines. Inventory needs a
// temporary directory: a server that is never run must be closed.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configure simulated vCenter: %w", err)
	}
	certificate, err := newCertificate(certificateHost(cfg.Listen))
	if err != nil {
		return nil, err
	}
	own := &clock{base: cfg.Clock}
	model, err := newModel(cfg, own.now)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, logger: cfg.Logger, clock: own, model: model, certificate: certificate, printer: newPrinter()}
	if err := s.furnish(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// furnish joins history, workload and sessions with the inventory.
func (s *Server) furnish() error {
	service := s.model.Service
	s.log = history.New(s.cfg.history(s.clock.now))
	stock, err := newInventory(service)
	if err != nil {
		return err
	}
	s.workload = newWorkload(stock, s.log, s.clock.now, s.cfg)
	s.workload.preload(s.cfg.History, s.cfg.HistorySpan)
	s.sessions = newSessionTable(service)
	s.sessions.manager, s.sessions.whole = s.newManager, s.cfg.Readings.PathsRefused
	s.model.Map().Handler = s.sessions.handle
	s.wire = newWire(s.sessions, s.cfg.Seed)
	s.faults = newFaultBook(s)
	if err := followOwnEvents(service, s.log); err != nil {
		return err
	}
	for _, text := range s.cfg.Faults {
		if _, err := s.Fault(text); err != nil {
			return fmt.Errorf("configure simulated vCenter: %w", err)
		}
	}
	return nil
}

func (s *Server) newManager() *eventManager {
	m := &eventManager{log: s.log, sessions: s.sessions, printer: s.printer, tree: inventoryTree{s.model.Map()}, byID: queriesByID(s.cfg.Version)}
	m.Self = s.model.Map().EventManager().Self
	return m
}

// URL is https://host:port/sdk, without credentials. It is nil before Listen.
func (s *Server) URL() *url.URL {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url == nil {
		return nil
	}
	u := *s.url
	return &u
}

// CertificatePEM is the server's certificate; as the only root it verifies the server.
func (s *Server) CertificatePEM() []byte { return encodePEM(s.certificate) }

// Thumbprint is the SHA-256 of the certificate as AA:BB:...
func (s *Server) Thumbprint() string { return thumbprint(s.certificate) }

// InstanceUUID is about.instanceUuid.
func (s *Server) InstanceUUID() string { return s.cfg.InstanceUUID }

// Post commits an event and returns it as clients will see it. Key, chain and time are assigned; the rest is kept as
// it is, unchecked against the inventory. Neither event nor what it points to may be changed afterwards.
func (s *Server) Post(event types.BaseEvent) types.BaseEvent {
	row := s.log.Commit(event)
	return eventOf(&row)
}

// History is the event database. What is done to it directly ends no session.
func (s *Server) History() *history.Database { return s.log }

// Len is the number of events that there ever were.
func (s *Server) Len() int { return s.log.Logged() }

// Events iterates over all events that there ever were, in commit order, after the given index; the first event has
// index 1. What has become of them is in History().Log.
func (s *Server) Events(after int) iter.Seq2[int, types.BaseEvent] {
	return func(yield func(int, types.BaseEvent) bool) {
		for index, entry := range s.log.Log(after) {
			if !yield(index, eventOf(&entry.Row)) {
				return
			}
		}
	}
}

// Rate is the live workload's rate in events per second.
func (s *Server) Rate() float64 { return s.workload.currentRate() }

// SetRate changes the live workload. Once it has returned for 0, the workload adds no event any more.
func (s *Server) SetRate(perSecond float64) error { return s.workload.setRate(perSecond) }

// Fault takes up a fault, kind=<kind>,<name>=<value>,..., and returns its number. Kinds and names are those of POST
// /control/faults. What need not wait has happened when Fault returns; the rest happens while the server runs.
func (s *Server) Fault(text string) (int, error) {
	a, err := parseArguments(text)
	if err != nil {
		return 0, err
	}
	return s.faults.add(a)
}

// ClearFaults ends all faults, those to come as well, and returns how many there were.
func (s *Server) ClearFaults() int { return s.faults.clear() }

// TerminateSessions ends every login session, with its collectors and waits, and returns how many there were.
func (s *Server) TerminateSessions() int { return s.sessions.terminate() }

// Sessions is the number of login sessions, Collectors that of their event collectors.
func (s *Server) Sessions() int { return len(s.sessions.active()) }

// Collectors is the number of event collectors that live sessions hold.
func (s *Server) Collectors() int { return len(s.sessions.collectors()) }
