package vcenter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	callTimeout  = 30 * time.Second       // bounds every call but the reading of a page
	farewellTime = 300 * time.Millisecond // for a call that tidies up after the order to stop: vCenter forgets what is left to it
)

// Farewell is the context of a call that tidies up, which is made also after ctx has ended.
func Farewell(ctx context.Context) (context.Context, context.CancelFunc) {
	tidying, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(farewellTime, cancel) })
	return tidying, func() { stop(); cancel() }
}

// Source is one vCenter. It keeps one login session, which it renews when vCenter has ended it. It is used by one
// goroutine.
type Source struct {
	name string // for people
	dial Dial
	log  zerolog.Logger

	session Session       // nil before the first login and when the session has ended
	origin  *event.Origin // of the first session: another vCenter behind the same address is none of ours
	news    *news         // of session; nil before the first reader
}

// NewSource returns a source that has not dialled yet.
func NewSource(name string, dial Dial, log zerolog.Logger) *Source {
	return &Source{name: name, dial: dial, log: log}
}

// Connect logs in when there is no session, and says which vCenter it is.
func (s *Source) Connect(ctx context.Context) (*event.Origin, error) {
	if s.session != nil {
		return s.origin, nil
	}
	session, err := s.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", s.name, err)
	}
	origin := session.Origin()
	if s.origin != nil && s.origin.InstanceUUID != origin.InstanceUUID {
		session.Close(ctx)
		return nil, fmt.Errorf("connect to %s: %w: instance uuid %s, before %s", s.name, event.ErrReplaced, origin.InstanceUUID, s.origin.InstanceUUID)
	}
	s.session, s.origin = session, origin
	s.log.Info().Str("vcenter", s.name).Str("url", origin.Source).Str("version", origin.APIVersion).
		Str("instance", origin.InstanceUUID).Msg("connected")
	return origin, nil
}

// Now is vCenter's own time.
func (s *Source) Now(ctx context.Context) (time.Time, error) {
	if _, err := s.Connect(ctx); err != nil {
		return time.Time{}, err
	}
	now, err := s.now(ctx)
	if err != nil {
		return time.Time{}, s.failed(ctx, err)
	}
	return now, nil
}

func (s *Source) now(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	now, err := s.session.Now(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", err)
	}
	return now, nil
}

// Open returns a reader of what after does not count as done.
func (s *Source) Open(ctx context.Context, after event.Position) (*Reader, error) {
	if _, err := s.Connect(ctx); err != nil {
		return nil, err
	}
	if s.news == nil {
		s.news = follow(ctx, s.session, s.log)
	}
	reader, err := newReader(ctx, s, after)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return reader, nil
}

// Close logs out.
func (s *Source) Close(ctx context.Context) {
	if s.session == nil {
		return
	}
	s.rest()
	ctx, cancel := Farewell(ctx)
	defer cancel()
	s.session.Close(ctx)
	s.session = nil
}

// rest has vCenter tell of new events no more, until the next reader.
func (s *Source) rest() {
	if s.news != nil {
		s.news.stop()
		s.news = nil
	}
}

// failed wraps the error of a call, and gives up the session when vCenter no longer knows it.
func (s *Source) failed(ctx context.Context, err error) error {
	if errors.Is(err, ErrSessionEnded) && s.session != nil {
		s.Close(ctx)
	}
	return fmt.Errorf("%s: %w", s.name, err)
}
