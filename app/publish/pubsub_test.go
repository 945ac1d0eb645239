package publish_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/publish"
)

// fakeDapr is a sidecar with one component.
type fakeDapr struct {
	client.Client
	kind  string
	sent  func(events []any)
	fails func(events []any) error // nil: never
}

func (f *fakeDapr) GetMetadata(context.Context) (*client.GetMetadataResponse, error) {
	return &client.GetMetadataResponse{RegisteredComponents: []*client.MetadataRegisteredComponents{{Name: "events", Type: f.kind}}}, nil
}

func (f *fakeDapr) PublishEvents(_ context.Context, _, _ string, events []any, _ ...client.PublishEventsOption) client.PublishEventsResponse {
	f.sent(events)
	if f.fails != nil {
		return client.PublishEventsResponse{Error: f.fails(events)}
	}
	return client.PublishEventsResponse{}
}

const (
	vm1 = "3c0f7a10/VirtualMachine:vm-1"
	id0 = "3c0f7a10-0-0"
)

// The keys are those that components-contrib v1.18.0 reads; broker.go says where.
func TestEachBrokerIsToldWhatDecidesOnTheOrderByItsOwnNames(t *testing.T) {
	serviceBus := map[string]string{"PartitionKey": vm1, "SessionId": vm1, "MessageId": id0}
	usual := map[string]string{"partitionKey": vm1}
	for kind, want := range map[string]map[string]string{
		"pubsub.kafka":                   {"partitionKey": vm1, "content-type": "application/cloudevents+json"},
		"pubsub.azure.eventhubs":         usual,
		"pubsub.azure.servicebus":        serviceBus,
		"pubsub.azure.servicebus.topics": serviceBus,
		"pubsub.azure.servicebus.queues": serviceBus,
		"pubsub.azure.servicebusqueues":  serviceBus,
		"pubsub.gcp.pubsub":              {"orderingKey": vm1},
		"pubsub.pulsar":                  usual,
		"pubsub.rocketmq":                {"rocketmq-shardingkey": vm1},
		"pubsub.redis":                   usual,
		"pubsub.rabbitmq":                {"messageID": id0, "contentType": "application/cloudevents+json"},
		"pubsub.of-tomorrow":             usual,
		"pubsub.aws.snssqs":              nil,
		"pubsub.snssqs":                  nil,
		"pubsub.in-memory":               nil,
		"pubsub.jetstream":               nil,
		"pubsub.kubemq":                  nil,
		"pubsub.mqtt3":                   nil,
		"pubsub.mqtt":                    nil,
		"pubsub.solace.amqp":             nil,
		"pubsub.vcrelay.eventbridge":     nil,
	} {
		sent := published(t, kind, made(1, 100))
		if got := sent[0][0].Metadata; !maps.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%s: an entry has the metadata %v, want %v", kind, got, want)
		}
		if got := sent[0][0].ContentType; got != "application/cloudevents+json" {
			t.Errorf("%s: an entry has the content type %q", kind, got)
		}
	}
}

// choosy is a sidecar whose component takes all events but one, and go-sdk's text for that.
type choosy struct{ client.Client }

func (choosy) PublishEvents(_ context.Context, _, topic string, events []any, _ ...client.PublishEventsOption) client.PublishEventsResponse {
	var none error
	return client.PublishEventsResponse{Error: fmt.Errorf("error publishing events unto %s topic: %w", topic, none), FailedEvents: events[:1]}
}

func TestARequestOfWhichSomeWasTakenFailsWithHowMuchWasNot(t *testing.T) {
	err := publish.NewPubSub(choosy{}, publish.PubSubOptions{Component: "events", Topic: "vcenter"}).Publish(t.Context(), made(3, 10))
	if want := "publish 3 events to events/vcenter: 1 of them were refused; the log of the component's process says why"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestOnlyBrokersWithABulkOfTheirOwnKeepTheOrderOfACall(t *testing.T) {
	for kind, keeps := range map[string]bool{
		"pubsub.kafka": true, "pubsub.azure.eventhubs": true, "pubsub.azure.servicebus": true, "pubsub.azure.servicebus.topics": true,
		"pubsub.azure.servicebus.queues": true, "pubsub.azure.servicebusqueues": true,
		"pubsub.redis": false, "pubsub.rabbitmq": false, "pubsub.jetstream": false, "pubsub.pulsar": false, "pubsub.gcp.pubsub": false, "pubsub.of-tomorrow": false,
		"pubsub.vcrelay.eventbridge": false,
	} {
		if target := topicOf(t, &fakeDapr{kind: kind}); target.KeepsOrder() != keeps {
			t.Errorf("%s keeps the order: %v", kind, !keeps)
		}
	}
}

// Event Hubs refuses a request with different keys, and Service Bus one to a topic that has partitions.
func TestARequestOfAnAzureBrokerHasEventsOfOneKeyInTheirOrder(t *testing.T) {
	for kind, most := range map[string]int{"pubsub.azure.eventhubs": 5, "pubsub.azure.servicebus.topics": 5, "pubsub.kafka": 1} {
		events := made(50, 10)
		for i := range events {
			events[i].Entity.Value = "vm-" + strconv.Itoa(i%5)
		}
		sent := published(t, kind, events)
		if len(sent) != most {
			t.Errorf("%s: %d requests, want %d", kind, len(sent), most)
		}
		total := 0
		for _, request := range sent {
			total += len(request)
			last := -1
			for i, entry := range request {
				if n := number(t, entry); n <= last {
					t.Errorf("%s: event %d comes behind %d", kind, n, last)
				} else {
					last = n
				}
				if key := request[0].Metadata["partitionKey"]; most > 1 && entry.Metadata["partitionKey"] != key || entry.EntryID != strconv.Itoa(i) {
					t.Errorf("%s: entry %s with key %s, beside %s", kind, entry.EntryID, entry.Metadata["partitionKey"], key)
				}
			}
		}
		if total != len(events) {
			t.Errorf("%s: %d of %d events were sent", kind, total, len(events))
		}
	}
}

func TestACallFailsWhenOneOfItsRequestsFails(t *testing.T) {
	events := made(40, 10)
	for i := range events {
		events[i].Entity.Value = "vm-" + strconv.Itoa(i)
	}
	refusal := errors.New("no")
	dapr := &fakeDapr{kind: "pubsub.azure.eventhubs", sent: func([]any) {}, fails: func(request []any) error {
		if entry, _ := request[0].(client.PublishEventsEvent); entry.Metadata["partitionKey"] == "3c0f7a10/VirtualMachine:vm-7" {
			return refusal
		}
		return nil
	}}
	if err := topicOf(t, dapr).Publish(t.Context(), events); !errors.Is(err, refusal) {
		t.Errorf("the call says %v", err)
	}
}

// topicOf is a publisher to a component that was found.
func topicOf(t *testing.T, dapr *fakeDapr) *publish.PubSub {
	t.Helper()
	target := publish.NewPubSub(dapr, publish.PubSubOptions{Component: "events", Topic: "vcenter"})
	if err := target.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return target
}

// published are the requests that a call makes of events.
func published(t *testing.T, kind string, events []event.Event) (requests [][]client.PublishEventsEvent) {
	t.Helper()
	var mu sync.Mutex
	dapr := &fakeDapr{kind: kind, sent: func(sent []any) {
		mu.Lock()
		defer mu.Unlock()
		var request []client.PublishEventsEvent
		for _, one := range sent {
			entry, _ := one.(client.PublishEventsEvent)
			entry.Data = bytes.Clone(entry.Data)
			request = append(request, entry)
		}
		requests = append(requests, request)
	}}
	if err := topicOf(t, dapr).Publish(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	return requests
}

// number is the key of the event in an entry.
func number(t *testing.T, entry client.PublishEventsEvent) int {
	t.Helper()
	var attributes struct{ ID string }
	if err := json.Unmarshal(entry.Data, &attributes); err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.Split(attributes.ID, "-")[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
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
