package vim_test

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// team is what several streams have in common: one account of one simulated vCenter.
type team struct {
	t      *testing.T
	server *vcsim.Server
	config vim.Config
	dialer *vim.Dialer
	logins atomic.Int32                // that were tried
	before func(context.Context) error // each
}

func newTeam(t *testing.T) *team {
	t.Helper()
	server := serve(t, func(c *vcsim.Config) { c.History = 10 })
	team := &team{t: t, server: server}
	team.config = vim.Config{
		URL: server.URL(), Name: "lab", Thumbprint: server.Thumbprint(),
		Credentials: func(ctx context.Context) (*url.Userinfo, error) {
			team.logins.Add(1)
			if team.before != nil {
				if err := team.before(ctx); err != nil {
					return nil, err
				}
			}
			return vcsimtest.Credentials(ctx)
		},
	}
	team.dialer = vim.NewDialer(team.config, zerolog.Nop())
	return team
}

func (t *team) join() vcenter.Session {
	t.t.Helper()
	session, err := t.dialer.Dial(t.t.Context())
	if err != nil {
		t.t.Fatal(err)
	}
	return session
}

func (t *team) open(session vcenter.Session, n int) []vcenter.Cursor {
	t.t.Helper()
	var cursors []vcenter.Cursor
	for range n {
		cursor, err := session.OpenSpan(t.t.Context(), vcenter.Span{})
		if err != nil {
			t.t.Fatal(err)
		}
		cursors = append(cursors, cursor)
	}
	return cursors
}

func (t *team) close(cursors ...vcenter.Cursor) {
	for _, cursor := range cursors {
		cursor.Close(t.t.Context())
	}
}

func (t *team) expect(when string, sessions, collectors int) {
	t.t.Helper()
	if s, c := t.server.Sessions(), t.server.Collectors(); s != sessions || c != collectors {
		t.t.Errorf("%s: %d logins with %d collectors, want %d with %d", when, s, c, sessions, collectors)
	}
}

func TestStreamsOfOneVCenterShareALoginWhichTheLastOneEnds(t *testing.T) {
	team := newTeam(t)
	first := team.join()
	selecting := team.config
	selecting.Filter, selecting.Layout = vim.Filter{Events: []string{"VmPoweredOnEvent"}}, event.LayoutXML
	second, err := team.dialer.With(selecting).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	team.expect("two streams", 1, 0)
	cursors := team.open(first, 1)
	first.Close(t.Context())
	team.close(cursors...)
	team.expect("one has left", 1, 0)
	team.close(team.open(second, 1)...)
	second.Close(t.Context())
	team.expect("both have left", 0, 0)
}

func TestALoginHasAtMostEightCollectors(t *testing.T) {
	team := newTeam(t)
	one, other := team.join(), team.join()
	cursors := append(team.open(one, 5), team.open(other, 3)...)
	team.expect("eight", 1, 8)
	more := team.open(one, 8)
	team.expect("sixteen", 2, 16)
	for _, cursor := range append(cursors, more...) { // each is read in its own login
		if items, err := cursor.Next(t.Context()); err != nil || len(items) == 0 {
			t.Errorf("%d events: %v", len(items), err)
		}
	}
	team.close(more...)
	team.close(team.open(other, 2)...)
	team.expect("the second login is kept for the next", 2, 8)
	if n := team.logins.Load(); n != 2 {
		t.Errorf("%d logins were made", n)
	}
	team.close(cursors...)
	one.Close(t.Context())
	other.Close(t.Context())
	team.expect("all have left", 0, 0)
}

func TestACollectorThatMayStillBeThereKeepsItsPlace(t *testing.T) {
	team := newTeam(t)
	session := team.join()
	defer session.Close(t.Context())
	cursors := team.open(session, 8)
	if _, err := team.server.Fault("kind=reset,method=DestroyCollector,count=3"); err != nil {
		t.Fatal(err)
	}
	team.close(cursors[:3]...)
	team.close(team.open(session, 1)...)
	if n := team.server.Sessions(); n != 2 {
		t.Errorf("%d logins: a ninth collector was made in one", n)
	}
}

func TestALoginThatVCenterHasEndedIsMadeAnewOnceForAll(t *testing.T) {
	team := newTeam(t)
	var sessions [5]vcenter.Session
	for i := range sessions {
		sessions[i] = team.join()
	}
	team.server.TerminateSessions()
	var all sync.WaitGroup
	for i := range sessions {
		all.Go(func() {
			if _, err := sessions[i].OpenSpan(t.Context(), vcenter.Span{}); !errors.Is(err, vcenter.ErrSessionEnded) {
				t.Errorf("a stream was told %v", err)
			}
			sessions[i].Close(t.Context())
			again, err := team.dialer.Dial(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			sessions[i] = again
		})
	}
	all.Wait()
	if n := team.logins.Load(); n != 2 {
		t.Errorf("%d logins were made, want one and one more", n)
	}
	team.expect("after the end of the first", 1, 0)
	for _, session := range sessions {
		session.Close(t.Context())
	}
	team.expect("all have left", 0, 0)
}

func TestWhoGivesUpALoginDoesNotFailThoseWhoWaitForIt(t *testing.T) {
	team := newTeam(t)
	asked := make(chan struct{})
	team.before = func(ctx context.Context) error {
		if team.logins.Load() > 1 {
			return nil
		}
		close(asked)
		<-ctx.Done()
		return ctx.Err()
	}
	impatient, giveUp := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() { _, err := team.dialer.Dial(impatient); gone <- err }()
	<-asked
	stayed := make(chan error, 1)
	go func() {
		session, err := team.dialer.Dial(t.Context())
		if err == nil {
			team.expect("one has given up", 1, 0)
			session.Close(t.Context())
		}
		stayed <- err
	}()
	giveUp()
	if err := <-gone; err == nil {
		t.Error("a login was made for who had given up")
	}
	if err := <-stayed; err != nil {
		t.Error(err)
	}
}

func TestWhereNoOtherLoginCanBeMadeOneHoldsMoreCollectors(t *testing.T) {
	team := newTeam(t)
	session := team.join()
	team.before = func(context.Context) error { return errors.New("the password is being changed") }
	cursors := team.open(session, 24)
	team.expect("twenty-four", 1, 24)
	if _, err := session.OpenSpan(t.Context(), vcenter.Span{}); !errors.Is(err, vim.ErrSettings) {
		t.Errorf("beyond twenty-four: %v", err)
	}
	team.close(cursors...)
	session.Close(t.Context())
	team.expect("it has left", 0, 0)
}
