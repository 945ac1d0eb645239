package vcenter

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"

	"github.com/vcrelay/vcrelay/app/event"
)

// callTimeout bounds every call but the reading of a page.
const callTimeout = 30 * time.Second

// Source is one vCenter. It keeps one login session, which it renews when vCenter has ended it. It is used by one
// goroutine.
type Source struct {
	config Config
	log    zerolog.Logger
	guard  loginGuard

	client     *vim25.Client // nil before the first login and when the session has ended
	origin     *event.Origin
	severities map[string]string // by event name
}

// NewSource returns a source that has not dialled yet.
func NewSource(config Config, log zerolog.Logger) *Source {
	return &Source{config: config, log: log}
}

// Connect logs in when there is no session, and says which vCenter it is. Its error is ErrCertificate, ErrCredentials or
// ErrSettings, or any other when vCenter was not reached. The certificate is verified before credentials are sent, and
// credentials that were refused are not sent again too soon (see loginGuard).
func (s *Source) Connect(ctx context.Context) (*event.Origin, error) {
	if s.client != nil {
		return s.origin, nil
	}
	client, err := s.login(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", s.config.URL.Host, err)
	}
	origin := &event.Origin{
		InstanceUUID: client.ServiceContent.About.InstanceUuid,
		Source:       s.config.URL.String(),
		Name:         s.config.Name,
		APIVersion:   client.ServiceContent.About.ApiVersion,
	}
	if s.origin != nil && s.origin.InstanceUUID != origin.InstanceUUID {
		return nil, fmt.Errorf("connect to %s: another vCenter answers there: instance uuid %s, before %s; restart vcrelay to relay that one",
			s.config.URL.Host, origin.InstanceUUID, s.origin.InstanceUUID)
	}
	s.client, s.origin = client, origin
	s.severities = loadSeverities(ctx, client, s.log)
	about := client.ServiceContent.About
	s.log.Info().Str("vcenter", s.config.Name).Str("url", origin.Source).Str("version", about.Version).
		Str("instance", origin.InstanceUUID).Msg("connected")
	return origin, nil
}

// Now is vCenter's own time.
func (s *Source) Now(ctx context.Context) (time.Time, error) {
	if _, err := s.Connect(ctx); err != nil {
		return time.Time{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	now, err := methods.GetCurrentTime(ctx, s.client)
	if err != nil {
		return time.Time{}, s.failed("ask for the time", err)
	}
	return *now, nil
}

// Open returns a reader of what after does not count as done.
func (s *Source) Open(ctx context.Context, after event.Position) (*Reader, error) {
	if _, err := s.Connect(ctx); err != nil {
		return nil, err
	}
	collector, err := createCollector(ctx, s.client, after.ReadFrom())
	if err != nil {
		return nil, s.failed("open event history", err)
	}
	return &Reader{source: s, collector: collector, after: after}, nil
}

// Close logs out.
func (s *Source) Close(ctx context.Context) {
	if s.client == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := session.NewManager(s.client).Logout(ctx); err != nil {
		s.log.Debug().Err(err).Msg("not logged out")
	}
	s.client = nil
}

// failed wraps the error of a call, and gives up the session when vCenter no longer knows it.
func (s *Source) failed(doing string, err error) error {
	if isNotAuthenticated(err) {
		s.client = nil
	}
	return fmt.Errorf("%s: %s: %w", s.config.URL.Host, doing, err)
}
