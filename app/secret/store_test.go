package secret_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	runtime "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/vcrelay/vcrelay/app/secret"
)

const canary = `S3cr3t$&\@"'`

// sidecar is the part of a sidecar that has secret stores: values by store, name and key.
type sidecar struct {
	runtime.UnimplementedDaprServer
	stores map[string]map[string]map[string]string
}

func (s *sidecar) GetSecret(_ context.Context, in *runtime.GetSecretRequest) (*runtime.GetSecretResponse, error) {
	values, there := s.stores[in.GetStoreName()][in.GetKey()]
	if !there {
		return nil, status.Error(codes.Internal, "secret not found")
	}
	return &runtime.GetSecretResponse{Data: values}, nil
}

// storesOf are the stores of a sidecar that answers over gRPC.
func storesOf(t *testing.T, s *sidecar) secret.Stores {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	runtime.RegisterDaprServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	connection, err := grpc.NewClient("passthrough:///sidecar", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return secret.NewStores(client.NewClientWithConnection(connection))
}

func TestASecretIsAskedAnewEachTimeAndComesLetterByLetter(t *testing.T) {
	values := map[string]string{"username": "relay@vsphere.local"}
	stores := storesOf(t, &sidecar{stores: map[string]map[string]map[string]string{"vault": {"vcenter/prod": values}}})
	for _, want := range []string{canary, " spaces and\na line end\n", ""} {
		values["password"] = want
		got, err := stores.Get(t.Context(), "vault", "vcenter/prod", "password")
		if err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

func TestWhatIsNotThereIsNamedAndNoValueIsShown(t *testing.T) {
	stores := storesOf(t, &sidecar{stores: map[string]map[string]map[string]string{"vault": {"vcenter": {"user": canary, "password": canary}}}})
	for _, c := range []struct {
		store, name, key, says string
		noKey                  bool
	}{
		{"vault", "vcenter", "pass", "has no key pass, only: password, user", true},
		{"vault", "other", "password", "secret other of store vault: ", false},
		{"other", "vcenter", "password", "secret vcenter of store other: ", false},
		{"", "vcenter", "password", "storeName", false},
	} {
		value, err := stores.Get(t.Context(), c.store, c.name, c.key)
		if err == nil || value != "" || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "S3cr3t") {
			t.Errorf("%+v: %q, %v", c, value, err)
		}
		if errors.Is(err, secret.ErrNoKey) != c.noKey {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
