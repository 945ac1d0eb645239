package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	govmomi "github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

const (
	callTimeout   = time.Minute
	farewell      = 10 * time.Second // for what has to be tidied up after the context has ended
	maxCollectors = 3                // of 32 that a session may have by default
)

var errTooMany = errors.New("the probe would hold more than three collectors")

// session makes the calls of a probe, one at a time.
type session struct {
	client     *vim25.Client
	collectors int
}

func (s *session) manager() types.ManagedObjectReference {
	return *s.client.ServiceContent.EventManager
}

// collector is an EventHistoryCollector.
type collector struct {
	session *session
	ref     types.ManagedObjectReference
	took    time.Duration // to create it
}

// open creates a collector for a span of time, with whole messages as the relay reads them.
func (s *session) open(ctx context.Context, span vcenter.Span, delayed bool) (*collector, error) {
	if s.collectors >= maxCollectors {
		return nil, errTooMany
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	began := time.Now()
	answer, err := methods.CreateCollectorForEvents(ctx, s.client, &types.CreateCollectorForEvents{
		This: s.manager(), Filter: filterOf(span, delayed),
	})
	if err != nil {
		return nil, fmt.Errorf("create collector: %w", err)
	}
	s.collectors++
	return &collector{session: s, ref: answer.Returnval, took: time.Since(began)}, nil
}

func filterOf(span vcenter.Span, delayed bool) types.EventFilterSpec {
	spec := types.EventFilterSpec{DisableFullMessage: types.NewBool(false)}
	if delayed {
		spec.DelayedInit = types.NewBool(true)
	}
	if !span.Begin.IsZero() {
		spec.Time = &types.EventFilterSpecByTime{BeginTime: &span.Begin}
	}
	return spec
}

// close destroys the collector, whether ctx has ended or not.
func (c *collector) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	c.session.collectors--
	_, _ = methods.DestroyCollector(ctx, c.session.client, &types.DestroyCollector{This: c.ref}) // else it ends with the session
}

// logout ends the session, whether ctx has ended or not.
func (s *session) logout(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	return govmomi.NewManager(s.client).Logout(ctx)
}
