package vim

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// Session is what one stream does in the logins of its account: its selection of events, and their layout. It is safe for concurrent
// use.
type Session struct {
	login      *login // where it is at home; a collector may be in another one
	dial       dial
	origin     *event.Origin
	filter     Filter
	layout     event.Layout
	log        zerolog.Logger
	keysFail   atomic.Bool // reading by key was refused
	notInParts atomic.Bool // key and time of the newest event were, alone
}

// Origin is vcenter.Session.
func (s *Session) Origin() *event.Origin { return s.origin }

// Now is vcenter.Session.
func (s *Session) Now(ctx context.Context) (time.Time, error) {
	now, err := methods.GetCurrentTime(ctx, s.login.client)
	if err != nil {
		return time.Time{}, s.login.classify(err)
	}
	return *now, nil
}

// OpenSpan is vcenter.Session.
func (s *Session) OpenSpan(ctx context.Context, span vcenter.Span) (vcenter.Cursor, error) {
	filter := s.filter
	if span.All {
		filter = Filter{}
	}
	collector, err := s.create(ctx, filter.spec(span, s.atLeast(8, 0, 3)))
	if err != nil {
		return nil, err
	}
	return &timed{pages: newPages(s, collector.login), held: collector}, nil
}

// CanOpenAfter is vcenter.Session.
func (s *Session) CanOpenAfter() bool { return s.atLeast(9) && !s.keysFail.Load() }

// OpenAfter is vcenter.Session.
func (s *Session) OpenAfter(after int32) vcenter.Cursor {
	return &keyed{pages: newPages(s, s.login), after: after}
}

// Close is vcenter.Session. The last one logs out.
func (s *Session) Close(ctx context.Context) { s.login.leave(ctx) }

// atLeast compares about.apiVersion, number by number.
func (s *Session) atLeast(wanted ...int) bool { return versionAtLeast(s.origin.APIVersion, wanted) }

// timed is a cursor by time.
type timed struct {
	pages
	held
}

// Next is vcenter.Cursor.
func (t *timed) Next(ctx context.Context) ([]vcenter.Item, error) {
	return t.read(ctx, "ReadNextEvents", t.ref, readNextEvents())
}

// Close is vcenter.Cursor.
func (t *timed) Close(ctx context.Context) { t.destroy(ctx) }

// keyed is a cursor by key. vCenter holds nothing of it.
type keyed struct {
	pages
	after int32
}

// Next is vcenter.Cursor.
func (k *keyed) Next(ctx context.Context) ([]vcenter.Item, error) {
	items, err := k.read(ctx, "QueryEvents", *k.login.client.ServiceContent.EventManager, queryEvents(k.session.filter, k.after))
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
