package publish_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/publish"
)

// fakeDapr is a sidecar with one component.
type fakeDapr struct {
	client.Client
	kind string
	sent func(events []any)
}

func (f *fakeDapr) GetMetadata(context.Context) (*client.GetMetadataResponse, error) {
	return &client.GetMetadataResponse{RegisteredComponents: []*client.MetadataRegisteredComponents{{Name: "events", Type: f.kind}}}, nil
}

func (f *fakeDapr) PublishEvents(_ context.Context, _, _ string, events []any, _ ...client.PublishEventsOption) client.PublishEventsResponse {
	f.sent(events)
	return client.PublishEventsResponse{}
}

// Redis stores the metadata of an entry, and Kafka chooses the partition by it.
func TestOnlyComponentsThatIgnoreTheKeyOfAnEntryGetNone(t *testing.T) {
	for kind, keyed := range map[string]bool{"pubsub.kafka": true, "pubsub.redis": true, "pubsub.of-tomorrow": true, "pubsub.jetstream": false} {
		found := false
		target := publish.NewPubSub(&fakeDapr{kind: kind, sent: func(events []any) {
			entry, _ := events[0].(client.PublishEventsEvent)
			found = entry.Metadata["partitionKey"] == "3c0f7a10/VirtualMachine:vm-1"
		}}, publish.PubSubOptions{Component: "events", Topic: "vcenter"})
		if err := target.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := target.Publish(t.Context(), made(1, 100)); err != nil {
			t.Fatal(err)
		}
		if found != keyed {
			t.Errorf("%s: an entry has its key: %v", kind, found)
		}
	}
}

// The buffer of a request is used by the next one, and outgrown by a larger one.
func TestEachEntryIsTheCloudEventOfItsEvent(t *testing.T) {
	for _, n := range []int{1, 100, 3, 50} {
		events := made(n, 100*n)
		dapr := &fakeDapr{sent: func(sent []any) {
			for i := range events {
				entry, _ := sent[i].(client.PublishEventsEvent)
				if want := string(event.AppendCloudEvent(nil, &events[i])); string(entry.Data) != want {
					t.Errorf("entry %d of %d is %.200s", i, n, entry.Data)
				}
			}
		}}
		if err := publish.NewPubSub(dapr, publish.PubSubOptions{Component: "events", Topic: "vcenter"}).Publish(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
}

func made(n, size int) (events []event.Event) {
	for key := range n {
		events = append(events, event.Event{
			Origin: &event.Origin{InstanceUUID: "3c0f7a10", Source: "https://vc/sdk"}, Key: int32(key), Created: time.Unix(int64(key), 0), //nolint:gosec // few
			Class: "VmPoweredOnEvent", Entity: event.Ref{Type: "VirtualMachine", Value: "vm-1"}, Data: []byte(`"` + strings.Repeat("x", size) + `"`),
		})
	}
	return events
}
