package vcsim_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func TestRestartRefusesForAWhileAndThenKnowsNoSession(t *testing.T) {
	server := start(t, vcsim.Config{History: 5})
	client := login(t, server)
	collector := mustCollect(t, client, everything)
	mustFault(t, server, "kind=restart,for=500ms")
	_, err := readNext(t, client, collector, 10)
	wantReset(t, err)
	eventually(t, "the service is back", func() bool { _, err := ask(t, server); return err == nil })
	_, err = readNext(t, client, collector, 10)
	wantFault[types.NotAuthenticated](t, err)
	if err := client.Login(t.Context(), url.UserPassword(user, password)); err != nil {
		t.Fatal(err)
	}
	_, err = readNext(t, client, collector, 10)
	wantFault[types.ManagedObjectNotFound](t, err)
}

func TestRestartMayAnswer503AsTheProxyInFrontDoes(t *testing.T) {
	server := start(t, vcsim.Config{})
	mustFault(t, server, "kind=restart,for=1h,by=503")
	response, err := httpClient(t, server).Post(server.URL().String(), "text/xml", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	versions, err := httpClient(t, server).Get(server.URL().String() + "/vimServiceVersions.xml")
	if err != nil {
		t.Fatal(err)
	}
	_ = versions.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable || versions.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d and %d", response.StatusCode, versions.StatusCode)
	}
	server.ClearFaults()
	if _, err := ask(t, server); err != nil {
		t.Errorf("the service is away though the fault is cleared: %v", err)
	}
}

func TestRestartEndsAWaitForUpdatesWithItsConnection(t *testing.T) {
	server := start(t, vcsim.Config{History: 5})
	client := login(t, server)
	wait := newWait(t, client, *client.ServiceContent.EventManager, "latestEvent")
	wait.next(t)
	before := server.Calls()
	ended := make(chan error, 1)
	go func() {
		_, err := wait.ask(t)
		ended <- err
	}()
	eventually(t, "the wait is under way", func() bool { return server.Calls() > before })
	for {
		mustFault(t, server, "kind=restart,for=1m") // again if the wait had not quite begun
		select {
		case err := <-ended:
			wantReset(t, err)
			return
		case <-tick(t):
		}
	}
}

func TestTerminateEndsSessions(t *testing.T) {
	server := start(t, vcsim.Config{})
	client := login(t, server)
	mustFault(t, server, "kind=terminate")
	_, err := createCollector(t, client, everything)
	wantFault[types.NotAuthenticated](t, err)
	if list := faultList(t, server); len(list) != 1 || list[0].Struck != 1 || list[0].State != "over" {
		t.Errorf("faults are %+v", list)
	}
}

func TestAnIdleSessionExpiresAndABusyOneDoesNot(t *testing.T) {
	server := start(t, vcsim.Config{History: 5, Faults: []string{"kind=idle,timeout=700ms"}})
	idle, busy, waiting := login(t, server), login(t, server), login(t, server)
	mustCollect(t, idle, everything)
	wait := newWait(t, waiting, waiting.ServiceContent.RootFolder, "name")
	wait.next(t)
	ended := make(chan error, 1)
	go func() {
		_, err := wait.ask(t) // a call that is under way all the time
		ended <- err
	}()
	for begin := time.Now(); time.Since(begin) < 1500*time.Millisecond; <-tick(t) {
		retrieve(t, busy, "maxCollector")
	}
	retrieve(t, busy, "maxCollector")
	_, err := createCollector(t, idle, everything)
	wantFault[types.NotAuthenticated](t, err)
	select {
	case err := <-ended:
		t.Errorf("the wait has ended: %v", err)
	default:
	}
	if list := faultList(t, server); list[0].Struck != 1 {
		t.Errorf("faults are %+v", list)
	}
}

func TestLimitSetsHowManyCollectorsASessionMayHold(t *testing.T) {
	server := start(t, vcsim.Config{Faults: []string{"kind=limit,collectors=2"}})
	client := login(t, server)
	if got := retrieve(t, client, "maxCollector"); got["maxCollector"] != int32(2) {
		t.Errorf("maxCollector is %v", got)
	}
	for range 2 {
		mustCollect(t, client, everything)
	}
	_, err := createCollector(t, client, everything)
	wantFault[types.InvalidState](t, err)
	server.ClearFaults()
	mustCollect(t, client, everything)
}
