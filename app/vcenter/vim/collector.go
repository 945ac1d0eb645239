package vim

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

// login is a login session in vCenter, shared by sessions of ours. account.mu guards what stands below account.
type login struct {
	client     *vim25.Client
	severities map[string]string // by event name

	account  *account
	ended    bool      // vCenter does not know it any more
	sessions int       // that are at home here
	open     int       // collectors
	lost     int       // collectors that may still be there and that nobody can remove; they end with the login
	rested   time.Time // when it held something last
}

func (l *login) instance() string { return l.client.ServiceContent.About.InstanceUuid }

// holds tells whether somebody needs the login.
func (l *login) holds() bool { return l.sessions > 0 || l.open > 0 }

// classify is the error of a call in this login. One that says that the login has ended is told to all who share it.
func (l *login) classify(err error) error {
	if err = classify(err); errors.Is(err, vcenter.ErrSessionEnded) {
		l.account.end(l)
	}
	return err
}

// leave gives up a session that is at home here.
func (l *login) leave(ctx context.Context) {
	l.account.release(ctx, func() {
		l.sessions--
		l.account.sessions--
		l.rested = time.Now()
	})
}

func (l *login) logOut(ctx context.Context) {
	if err := session.NewManager(l.client).Logout(ctx); err != nil {
		l.account.log.Debug().Err(err).Msg("not logged out")
	}
}

// held is a collector in vCenter, and the login that it is in.
type held struct {
	login *login
	ref   types.ManagedObjectReference
}

// create makes a collector, in the login of the session or in another one.
func (s *Session) create(ctx context.Context, spec types.EventFilterSpec) (held, error) {
	l, err := s.login.account.place(ctx, s.login, s.dial)
	if err != nil {
		return held{}, err
	}
	answer, err := methods.CreateCollectorForEvents(ctx, l.client, &types.CreateCollectorForEvents{This: *l.client.ServiceContent.EventManager, Filter: spec})
	if err != nil {
		l.freePlace(ctx, !mayHaveArrived(err))
		return held{}, l.classify(err)
	}
	return held{login: l, ref: answer.Returnval}, nil
}

// destroy removes the collector.
func (h held) destroy(ctx context.Context) {
	_, err := methods.DestroyCollector(ctx, h.login.client, &types.DestroyCollector{This: h.ref})
	if err != nil {
		h.login.account.log.Debug().Err(err).Msg("collector not removed")
	}
	h.login.freePlace(ctx, err == nil || isFault(err))
}

// freePlace gives up the place of a collector. One that may still be there keeps it.
func (l *login) freePlace(ctx context.Context, gone bool) {
	l.account.release(ctx, func() {
		l.open--
		if !gone {
			l.lost++
		}
		l.rested = time.Now()
	})
}

// mayHaveArrived tells whether vCenter may have done what a call asked for, though it failed.
func mayHaveArrived(err error) bool {
	var network *net.OpError
	return !isFault(err) && (!errors.As(err, &network) || network.Op != "dial")
}

func isFault(err error) bool { return soap.IsSoapFault(err) || soap.IsVimFault(err) }
