package eventbridge_test

import (
	"context"
	"maps"
	"os"
	"strconv"
	"testing"
	"time"

	components "github.com/dapr/dapr/pkg/proto/components/v1"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/vcrelay/vcrelay/app/eventbridge"
)

// process is a running component.
type process struct {
	*eventbridge.Component
	stop func() // and wait
}

// socketFolder is one with a short path: that of a socket has at most 107 bytes.
func socketFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "eb") //nolint:usetesting // that of the test is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// startComponent runs a component until the test ends, with nothing of this machine's own settings for AWS.
func startComponent(t *testing.T, folder string) process {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "", "AWS_ENDPOINT_URL": "", "AWS_PROFILE": "",
		"AWS_ACCESS_KEY_ID": "of-the-environment", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	p := process{Component: eventbridge.New(folder, zerolog.Nop())}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	p.stop = func() {
		if cancel(); ctx.Err() != nil && cap(ended) > 0 {
			if err := <-ended; err != nil {
				t.Errorf("the component ended with %v", err)
			}
			ended <- nil
		}
	}
	t.Cleanup(p.stop)
	return p
}

// sidecar is what daprd is to a component.
type sidecar struct {
	components.PubSubClient
	connection *grpc.ClientConn
	ctx        context.Context //nolint:containedctx // names the component in each call, as daprd does
}

func (p process) sidecar(t *testing.T, name string) sidecar {
	t.Helper()
	connection, err := grpc.NewClient("unix://"+p.Socket(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 5 * time.Millisecond, Multiplier: 1.5, MaxDelay: 100 * time.Millisecond},
			MinConnectTimeout: 10 * time.Second,
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return sidecar{components.NewPubSubClient(connection), connection, metadata.AppendToOutgoingContext(ctx, "x-component-instance", name)}
}

// initialise says the metadata of a component file, with what daprd adds.
func (s sidecar) initialise(said map[string]string) error {
	all := map[string]string{"consumerID": "vcrelay"}
	maps.Copy(all, said)
	_, err := s.Init(s.ctx, &components.PubSubInitRequest{Metadata: &components.MetadataRequest{Properties: all}})
	return err
}

// connected is a sidecar with one component, which has the fake for AWS.
func connected(t *testing.T, aws *fakeAWS, said map[string]string) sidecar {
	t.Helper()
	s := startComponent(t, socketFolder(t)).sidecar(t, "events")
	all := map[string]string{"endpoint": aws.URL}
	maps.Copy(all, said)
	if err := s.initialise(all); err != nil {
		t.Fatal(err)
	}
	return s
}

// publish sends a bulk request and returns the reason for each event that was refused.
func (s sidecar) publish(events ...string) (map[int]string, error) {
	request := &components.BulkPublishRequest{PubsubName: "events", Topic: "vcenter"}
	for i, event := range events {
		request.Entries = append(request.Entries, &components.BulkMessageEntry{EntryId: strconv.Itoa(i), Event: []byte(event)})
	}
	answer, err := s.BulkPublish(s.ctx, request)
	refused := make(map[int]string)
	for _, failed := range answer.GetFailedEntries() {
		i, _ := strconv.Atoi(failed.GetEntryId())
		refused[i] = failed.GetError()
	}
	return refused, err
}
