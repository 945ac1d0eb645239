package vcsim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

const (
	user     = "relay@vsphere.local"
	password = `p$a&s\s@word`
)

func newServer(t *testing.T, cfg vcsim.Config) *vcsim.Server {
	t.Helper()
	cfg.Username, cfg.Password = user, password
	cfg.Logger = zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel).Hook(noWarning{t})
	if cfg.VMs == 0 {
		cfg.VMs = 4
	}
	server, err := vcsim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

// noWarning fails the test when the server warns, for example of clients that it had to cut off.
type noWarning struct{ t *testing.T }

func (n noWarning) Run(_ *zerolog.Event, level zerolog.Level, message string) {
	if level == zerolog.WarnLevel || level == zerolog.ErrorLevel {
		n.t.Error("the server warns:", message)
	}
}

// start runs a server until the test ends, and checks then that it stops cleanly.
func start(t *testing.T, cfg vcsim.Config) *vcsim.Server {
	t.Helper()
	server := newServer(t, cfg)
	run(t, server)
	return server
}

func run(t *testing.T, server *vcsim.Server) (stop func()) {
	t.Helper()
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = server.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
		if err != nil {
			t.Error("run:", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func trust(server *vcsim.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(server.CertificatePEM())
	return pool
}

// connect returns a client that verifies the server and has not logged in.
func connect(t *testing.T, server *vcsim.Server) *govmomi.Client {
	t.Helper()
	transport := soap.NewClient(server.URL(), false)
	transport.DefaultTransport().TLSClientConfig.RootCAs = trust(server)
	client, err := vim25.NewClient(t.Context(), transport)
	if err != nil {
		t.Fatal(err)
	}
	return &govmomi.Client{Client: client, SessionManager: session.NewManager(client)}
}

func login(t *testing.T, server *vcsim.Server) *govmomi.Client {
	t.Helper()
	client := connect(t, server)
	if err := client.Login(t.Context(), url.UserPassword(user, password)); err != nil {
		t.Fatal(err)
	}
	return client
}

func httpClient(t *testing.T, server *vcsim.Server) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust(server)}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func createCollector(
	t *testing.T, client *govmomi.Client, filter types.EventFilterSpec,
) (types.ManagedObjectReference, error) {
	t.Helper()
	response, err := methods.CreateCollectorForEvents(t.Context(), client, &types.CreateCollectorForEvents{
		This: *client.ServiceContent.EventManager, Filter: filter,
	})
	if err != nil {
		return types.ManagedObjectReference{}, err
	}
	return response.Returnval, nil
}

func mustCollect(t *testing.T, client *govmomi.Client, filter types.EventFilterSpec) types.ManagedObjectReference {
	t.Helper()
	collector, err := createCollector(t, client, filter)
	if err != nil {
		t.Fatal(err)
	}
	return collector
}

func readNext(
	t *testing.T, client *govmomi.Client, collector types.ManagedObjectReference, count int32,
) ([]types.BaseEvent, error) {
	t.Helper()
	return readWithin(t.Context(), client, collector, count)
}

func readWithin(
	ctx context.Context, client *govmomi.Client, collector types.ManagedObjectReference, count int32,
) ([]types.BaseEvent, error) {
	response, err := methods.ReadNextEvents(ctx, client, &types.ReadNextEvents{This: collector, MaxCount: count})
	if err != nil {
		return nil, err
	}
	return response.Returnval, nil
}

// readAll reads pages until one is empty.
func readAll(
	t *testing.T, client *govmomi.Client, collector types.ManagedObjectReference, page int32,
) []types.BaseEvent {
	t.Helper()
	var all []types.BaseEvent
	for {
		events, err := readNext(t, client, collector, page)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return all
		}
		all = append(all, events...)
	}
}

func keys(events []types.BaseEvent) []int32 {
	keys := make([]int32, len(events))
	for i, event := range events {
		keys[i] = event.GetEvent().Key
	}
	return keys
}

// faultOf returns the SOAP fault's type, nil if err holds none.
func faultOf(err error) types.AnyType {
	if err == nil || !soap.IsSoapFault(err) {
		return nil
	}
	return soap.ToSoapFault(err).VimFault()
}

func wantFault[F any](t *testing.T, err error) {
	t.Helper()
	var want F
	if _, ok := faultOf(err).(F); !ok {
		t.Fatalf("error is %v (%T), want the fault %T", err, faultOf(err), want)
	}
}

func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }
