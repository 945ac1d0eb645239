package publish

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/event"
)

// attemptTimeout bounds one bulk request. Brokers answer within milliseconds or fail within their own time-outs
// (JetStream: 5 s); a request that takes longer is on a connection that is gone.
const attemptTimeout = 30 * time.Second

// PubSub publishes to one topic of a Dapr pub/sub component.
//
// Payloads are raw: the broker stores exactly the CloudEvent that package event wrote, and the sidecar does not parse
// it. A Dapr subscription (not a raw one) takes it as the CloudEvent that it is.
type PubSub struct {
	dapr      client.Client
	component string
	topic     string

	keepsOrder bool
}

// NewPubSub returns a publisher to topic of component. It does not dial.
func NewPubSub(dapr client.Client, component, topic string) *PubSub {
	return &PubSub{dapr: dapr, component: component, topic: topic}
}

// Publish sends events in one bulk request and returns nil when the broker has acknowledged all of them. Components
// without a bulk of their own publish the entries in parallel, so events whose order matters do not belong in one call.
func (p *PubSub) Publish(ctx context.Context, events []event.Event) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	entries := make([]any, len(events))
	for i := range events {
		entries[i] = entry(i, &events[i])
	}
	response := p.dapr.PublishEvents(ctx, p.component, p.topic, entries, client.PublishEventsWithRawPayload())
	if response.Error != nil {
		return fmt.Errorf("publish %d events to %s/%s: %w", len(events), p.component, p.topic, response.Error)
	}
	return nil
}

// deadLetters is what the topic of dead letters is called, after that of the events.
const deadLetters = "-deadletter"

// SetAside publishes an event that the broker refuses to the topic of dead letters, with the reason as attribute refusal.
func (p *PubSub) SetAside(ctx context.Context, e *event.Event, reason string) error {
	letter := *e
	letter.Refusal = reason
	aside := *p
	aside.topic += deadLetters
	return aside.Publish(ctx, []event.Event{letter})
}

// entry carries the key for brokers with partitions on the entry itself: a request-level key would replace it on Kafka.
func entry(index int, e *event.Event) client.PublishEventsEvent {
	return client.PublishEventsEvent{
		EntryID:     strconv.Itoa(index),
		Data:        event.AppendCloudEvent(make([]byte, 0, len(e.Data)+1024), e),
		ContentType: event.ContentType,
		Metadata:    map[string]string{"partitionKey": e.PartitionKey()},
	}
}
