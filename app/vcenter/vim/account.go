package vim

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

const (
	mostCollectors = 8                // of a login; vCenter allows 32, and the account may be used by others
	neverMore      = 24               // of a login where no other can be made
	spareFor       = 10 * time.Minute // that a login is kept while it holds nothing; vCenter ends one after half an hour
)

// account is one account of a vCenter, with the logins that its sessions share. It is safe for concurrent use.
type account struct {
	guard loginGuard
	log   zerolog.Logger

	mu       sync.Mutex
	logins   []*login // that have not ended, of one vCenter, the oldest first
	sessions int      // of all logins, also of those that have ended
	dialling *dialling
}

// dial makes a login.
type dial func(ctx context.Context) (*login, error)

// dialling is a login that is being made. Who needs one meanwhile waits for it.
type dialling struct {
	done    chan struct{}
	err     error
	givenUp bool // by who made it, which says nothing to others
}

// home gives a session its login.
func (a *account) home(ctx context.Context, dial dial) (*login, error) {
	return a.use(ctx, dial, func() (*login, error) {
		if len(a.logins) == 0 {
			return nil, nil
		}
		a.logins[0].sessions++
		a.sessions++
		return a.logins[0], nil
	})
}

// place gives a session room for one collector, in its own login or in another. Where no other can be made, a login holds more of
// them than it should: a stream must not end because somebody has changed the password.
func (a *account) place(ctx context.Context, home *login, dial dial) (*login, error) {
	within := func(most int) func() (*login, error) {
		return func() (*login, error) {
			if home.ended {
				return nil, fmt.Errorf("%w: that of the stream", vcenter.ErrSessionEnded)
			}
			return a.withRoom(home, most), nil
		}
	}
	found, err := a.use(ctx, dial, within(mostCollectors))
	if err == nil || ctx.Err() != nil {
		return found, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if crowded, ended := within(neverMore)(); crowded != nil && ended == nil {
		a.log.Debug().Err(err).Int("collectors", crowded.open).Msg("no other login: this one holds more collectors")
		return crowded, nil
	}
	return nil, err
}

// withRoom takes a place for a collector, nil when there is none; a.mu is held.
func (a *account) withRoom(home *login, most int) *login {
	for _, l := range append([]*login{home}, a.logins...) {
		if l.open+l.lost < most && (l.holds() || time.Since(l.rested) < spareFor) {
			l.open++
			return l
		}
	}
	return nil
}

// use returns the login that take finds, and makes another as long as it finds none. However many need one, one is made at a time.
func (a *account) use(ctx context.Context, dial dial, take func() (*login, error)) (*login, error) {
	for {
		a.mu.Lock()
		found, err := take()
		if found != nil || err != nil {
			a.mu.Unlock()
			return found, err
		}
		d, mine := a.dialling, a.dialling == nil
		if mine {
			d = &dialling{done: make(chan struct{})}
			a.dialling = d
		}
		a.mu.Unlock()
		if mine {
			made, err := dial(ctx)
			a.dialled(d, made, err, ctx.Err() != nil)
		}
		select {
		case <-d.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if d.err != nil && (mine || !d.givenUp) {
			return nil, d.err
		}
	}
}

// dialled lets those go on who wait for a login. One of another vCenter ends all that there were: somebody has replaced it.
func (a *account) dialled(d *dialling, made *login, err error, givenUp bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dialling = nil
	d.err, d.givenUp = err, givenUp
	close(d.done)
	if err != nil {
		return
	}
	made.account, made.rested = a, time.Now()
	for _, l := range a.logins {
		l.ended = l.instance() != made.instance()
	}
	a.logins = append(slices.DeleteFunc(a.logins, func(l *login) bool { return l.ended }), made)
	a.log.Debug().Str("instance", made.instance()).Int("logins", len(a.logins)).Msg("logged in")
}

// end notes that vCenter does not know a login any more.
func (a *account) end(l *login) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l.ended = true
	a.logins = slices.DeleteFunc(a.logins, func(other *login) bool { return other == l })
}

// release notes what is given up, and logs out of what nobody needs: all that hold nothing when no session is left, and what was a
// spare for long.
func (a *account) release(ctx context.Context, give func()) {
	a.mu.Lock()
	give()
	var idle []*login
	a.logins = slices.DeleteFunc(a.logins, func(l *login) bool {
		if l.holds() || a.sessions > 0 && time.Since(l.rested) < spareFor {
			return false
		}
		l.ended = true
		idle = append(idle, l)
		return true
	})
	a.mu.Unlock()
	for _, l := range idle {
		l.logOut(ctx)
	}
}
