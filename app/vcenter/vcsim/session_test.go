package vcsim_test

import (
	"net/url"
	"testing"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func TestAWrongPasswordIsAnInvalidLogin(t *testing.T) {
	server := start(t, vcsim.Config{})
	for _, wrong := range []*url.Userinfo{
		url.UserPassword(user, "wrong"), url.UserPassword("someone", password), url.UserPassword(user, ""),
	} {
		wantFault[types.InvalidLogin](t, connect(t, server).Login(t.Context(), wrong))
	}
	if n := server.Sessions(); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestWithoutALoginNothingIsRead(t *testing.T) {
	_, err := createCollector(t, connect(t, start(t, vcsim.Config{})), everything)
	wantFault[types.NotAuthenticated](t, err)
}

func TestACollectorOfAnotherSessionIsNotFound(t *testing.T) {
	server := start(t, vcsim.Config{History: 5})
	collector := mustCollect(t, login(t, server), everything)
	_, err := readNext(t, login(t, server), collector, 10)
	wantFault[types.ManagedObjectNotFound](t, err)
}

func TestACollectorIsNotFoundInAClonedSession(t *testing.T) {
	server := start(t, vcsim.Config{History: 5})
	owner, clone := login(t, server), connect(t, server)
	collector := mustCollect(t, owner, everything)
	ticket, err := owner.SessionManager.AcquireCloneTicket(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := clone.SessionManager.CloneSession(t.Context(), ticket); err != nil {
		t.Fatal(err)
	}
	_, err = readNext(t, clone, collector, 10)
	wantFault[types.ManagedObjectNotFound](t, err)
}

func TestACollectorEndsWithItsSession(t *testing.T) {
	server := start(t, vcsim.Config{History: 5})
	for name, end := range map[string]func(t *testing.T, leave func() error){
		"logout":    func(_ *testing.T, leave func() error) { _ = leave() },
		"terminate": func(*testing.T, func() error) { server.TerminateSessions() },
	} {
		t.Run(name, func(t *testing.T) {
			client := login(t, server)
			collector := mustCollect(t, client, everything)
			end(t, func() error { return client.Logout(t.Context()) })
			_, err := readNext(t, client, collector, 10)
			wantFault[types.NotAuthenticated](t, err)
			if n := server.Collectors(); n != 0 {
				t.Errorf("%d collectors are left", n)
			}
			if err := client.Login(t.Context(), url.UserPassword(user, password)); err != nil {
				t.Fatal(err)
			}
			_, err = readNext(t, client, collector, 10)
			wantFault[types.ManagedObjectNotFound](t, err)
			server.TerminateSessions()
		})
	}
}

func TestThe33rdCollectorOfASessionIsRefused(t *testing.T) {
	server := start(t, vcsim.Config{History: 5})
	client := login(t, server)
	var last types.ManagedObjectReference
	for range 32 {
		last = mustCollect(t, client, everything)
	}
	_, err := createCollector(t, client, everything)
	wantFault[types.InvalidState](t, err)
	mustCollect(t, login(t, server), everything) // another session has its own 32
	if _, err := methods.DestroyCollector(t.Context(), client, &types.DestroyCollector{This: last}); err != nil {
		t.Fatal(err)
	}
	if n := server.Collectors(); n != 32 {
		t.Errorf("%d collectors, want 31 and 1", n)
	}
	mustCollect(t, client, everything)
	_, err = readNext(t, client, last, 10)
	wantFault[types.ManagedObjectNotFound](t, err)
}

func TestTerminatingSessionsEndsAWaitForUpdates(t *testing.T) {
	server := start(t, vcsim.Config{History: 5})
	client := login(t, server)
	wait := newWait(t, client, *client.ServiceContent.EventManager, "latestEvent")
	wait.next(t)
	ended := make(chan error, 1)
	go func() {
		_, err := wait.ask(t)
		ended <- err
	}()
	for {
		server.TerminateSessions() // until the wait is under way
		select {
		case err := <-ended:
			if err == nil {
				t.Error("the wait ended without a fault")
			}
			return
		case <-tick(t):
		}
	}
}
