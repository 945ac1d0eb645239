package vim

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// Session is a login session of a vCenter. It is safe for concurrent use.
type Session struct {
	client     *vim25.Client
	origin     *event.Origin
	filter     Filter
	layout     event.Layout
	severities map[string]string // by event name
	log        zerolog.Logger
	keysFail   atomic.Bool // reading by key was refused
	notInParts atomic.Bool // key and time of the newest event were, alone
}

// Origin is vcenter.Session.
func (s *Session) Origin() *event.Origin { return s.origin }

// Now is vcenter.Session.
func (s *Session) Now(ctx context.Context) (time.Time, error) {
	now, err := methods.GetCurrentTime(ctx, s.client)
	if err != nil {
		return time.Time{}, classify(err)
	}
	return *now, nil
}

// OpenSpan is vcenter.Session.
func (s *Session) OpenSpan(ctx context.Context, span vcenter.Span) (vcenter.Cursor, error) {
	filter := s.filter
	if span.All {
		filter = Filter{}
	}
	answer, err := methods.CreateCollectorForEvents(ctx, s.client, &types.CreateCollectorForEvents{
		This:   *s.client.ServiceContent.EventManager,
		Filter: filter.spec(span, s.atLeast(8, 0, 3)),
	})
	if err != nil {
		return nil, classify(err)
	}
	return &collector{pages: newPages(s), ref: answer.Returnval}, nil
}

// CanOpenAfter is vcenter.Session.
func (s *Session) CanOpenAfter() bool { return s.atLeast(9) && !s.keysFail.Load() }

// OpenAfter is vcenter.Session.
func (s *Session) OpenAfter(after int32) vcenter.Cursor {
	return &keyed{pages: newPages(s), after: after}
}

// Close is vcenter.Session.
func (s *Session) Close(ctx context.Context) {
	if err := session.NewManager(s.client).Logout(ctx); err != nil {
		s.log.Debug().Err(err).Msg("not logged out")
	}
}

// atLeast compares about.apiVersion, number by number.
func (s *Session) atLeast(wanted ...int) bool { return versionAtLeast(s.origin.APIVersion, wanted) }

// collector is a cursor by time.
type collector struct {
	pages
	ref types.ManagedObjectReference
}

// Next is vcenter.Cursor.
func (c *collector) Next(ctx context.Context) ([]vcenter.Item, error) {
	return c.read(ctx, "ReadNextEvents", c.ref, readNextEvents())
}

// Close is vcenter.Cursor.
func (c *collector) Close(ctx context.Context) {
	_, err := methods.DestroyCollector(ctx, c.session.client, &types.DestroyCollector{This: c.ref})
	if err != nil {
		c.session.log.Debug().Err(err).Msg("collector not removed")
	}
}

// keyed is a cursor by key. vCenter holds nothing of it.
type keyed struct {
	pages
	after int32
}

// Next is vcenter.Cursor.
func (k *keyed) Next(ctx context.Context) ([]vcenter.Item, error) {
	items, err := k.read(ctx, "QueryEvents", *k.session.client.ServiceContent.EventManager, queryEvents(k.session.filter, k.after))
	var refused *vimjson.FaultError
	if errors.As(err, &refused) && refused.Type != "NotAuthenticated" {
		k.session.keysFail.Store(true)
		k.session.log.Warn().Err(err).Msg("vcenter refuses to be read by key: reading by time")
	}
	if len(items) > 0 {
		k.after = vcenter.LastKey(items, k.after)
	}
	return items, err
}

// Close is vcenter.Cursor.
func (k *keyed) Close(context.Context) {}

// classify names what a new login mends: vCenter has forgotten the session, or shows another certificate, and the authorities
// are those that were read at the last login.
func classify(err error) error {
	var inPage *vimjson.FaultError
	if fault.Is(err, &types.NotAuthenticated{}) || errors.As(err, &inPage) && inPage.Type == "NotAuthenticated" ||
		errors.Is(nameFault(err), ErrCertificate) {
		return fmt.Errorf("%w: %w", vcenter.ErrSessionEnded, err)
	}
	return err
}
