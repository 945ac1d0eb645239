package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dapr/go-sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/vcrelay/vcrelay/app/event"
)

// attemptTimeout bounds one bulk request. Brokers answer within milliseconds or fail within their own time-outs
// (JetStream: 5 s); a request that takes longer is on a connection that is gone.
const attemptTimeout = 30 * time.Second

// mostBeside is how many requests of one call are on their way at a time, where a request takes events of one key only.
const mostBeside = 8

// attributesSize is what a CloudEvent has around its data as a rule.
const attributesSize = 1024

// PubSubOptions say where a PubSub publishes. Component and Topic are required.
type PubSubOptions struct {
	Component string
	Topic     string // may have the fields of event.ExpandTopic
	Letters   Sink   // where dead letters go; nil for the topic with -deadletter behind it
}

// PubSub publishes to topics of a Dapr pub/sub component.
//
// Payloads are raw: the broker stores exactly the CloudEvent that package event wrote, and the sidecar does not parse
// it. A Dapr subscription (not a raw one) takes it as the CloudEvent that it is.
type PubSub struct {
	dapr    client.Client
	options PubSubOptions

	componentType string // after Check
	broker        broker // of it
}

// NewPubSub returns a publisher to a pub/sub component. It does not dial.
func NewPubSub(dapr client.Client, options PubSubOptions) *PubSub {
	return &PubSub{dapr: dapr, options: options, broker: brokerOf("")}
}

// Check returns an error when the sidecar has no such pub/sub component.
func (p *PubSub) Check(ctx context.Context) error {
	found, err := component(ctx, p.dapr, p.options.Component, isPubSub)
	if err != nil {
		return err
	}
	if found == nil {
		return fmt.Errorf("%w: the sidecar has no pub/sub component %q; add it to its resources folder (see components/nats) or set VCRELAY_TARGET",
			ErrUnfit, p.options.Component)
	}
	p.componentType, p.broker = found.Type, brokerOf(found.Type)
	if p.options.Letters == nil {
		return nil
	}
	if err := p.options.Letters.Check(ctx); err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	return nil
}

func isPubSub(c *client.MetadataRegisteredComponents) bool {
	return strings.HasPrefix(c.Type, "pubsub.")
}

// KeepsOrder tells, after Check, whether the events of one call of Publish are stored in their order.
func (p *PubSub) KeepsOrder() bool { return p.broker.inOrder }

// Type is the type of the component, e.g. pubsub.jetstream, after Check.
func (p *PubSub) Type() string { return p.componentType }

// MostEvents is how many events a call of Publish should have at most: 0, as many as the relay likes.
func (p *PubSub) MostEvents() int { return 0 }

// MostRequests is how many calls should be on their way at a time: 0, as many as the relay likes.
func (p *PubSub) MostRequests() int { return 0 }

// Publish sends events in one bulk request for each topic, and for each partition key where a request takes one only, and returns
// nil when the broker has acknowledged all of them. Components without a bulk of their own publish the entries in parallel, so
// events whose order matters do not belong in one call.
func (p *PubSub) Publish(ctx context.Context, events []event.Event) error {
	if !strings.Contains(p.options.Topic, "{") {
		return p.publishAll(ctx, p.options.Topic, events)
	}
	topic := func(e *event.Event) string { return event.ExpandTopic(p.options.Topic, e) }
	for _, group := range grouped(events, topic) {
		if err := p.publishAll(ctx, topic(&group[0]), group); err != nil {
			return err
		}
	}
	return nil
}

// publishAll sends events to a topic, in several requests side by side where they have different keys. It gives up at the first
// that fails: all are sent again.
func (p *PubSub) publishAll(ctx context.Context, topic string, events []event.Event) error {
	requests := p.broker.requests(events)
	if len(requests) == 1 {
		return p.publish(ctx, topic, events)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(mostBeside)
	for _, request := range requests {
		group.Go(func() error { return p.publish(ctx, topic, request) })
	}
	return group.Wait()
}

func (p *PubSub) publish(ctx context.Context, topic string, events []event.Event) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	buffer := buffers.Get(0)
	defer buffers.Put(buffer)
	response := p.dapr.PublishEvents(ctx, p.options.Component, topic, p.request(buffer, events), client.PublishEventsWithRawPayload())
	if response.Error != nil {
		return fmt.Errorf("publish %d events to %s/%s: %w", len(events), p.options.Component, topic, reason(&response))
	}
	return nil
}

// reason is why a request failed. Where the component took some of the events, which only pluggable ones say, the SDK leaves out why it did
// not take the others.
func reason(response *client.PublishEventsResponse) error {
	if len(response.FailedEvents) == 0 || errors.Unwrap(response.Error) != nil {
		return response.Error
	}
	return fmt.Errorf("%d of them were refused; the log of the component's process says why", len(response.FailedEvents))
}

// deadLetters is what the topic of dead letters is called where none is named, after that of the events.
const deadLetters = "-deadletter"

// SetAside publishes an event that the broker refuses to where dead letters go, with the reason as attribute refusal.
func (p *PubSub) SetAside(ctx context.Context, e *event.Event, reason string) error {
	letter := *e
	letter.Refusal = reason
	if p.options.Letters != nil {
		return p.options.Letters.Publish(ctx, []event.Event{letter})
	}
	return p.publish(ctx, event.ExpandTopic(p.options.Topic, e)+deadLetters, []event.Event{letter})
}

// buffers hold the CloudEvents of a request until it is answered: they would be most of the garbage of a relay.
var buffers = new(bufferPool)

// request writes the events into the buffer, one behind the other.
func (p *PubSub) request(buffer *[]byte, events []event.Event) []any {
	size := 0
	for i := range events {
		size += len(events[i].Data) + attributesSize
	}
	out := slices.Grow((*buffer)[:0], size)
	entries := make([]any, len(events))
	for i := range events {
		begin := len(out)
		out = event.AppendCloudEvent(out, &events[i])
		entries[i] = client.PublishEventsEvent{EntryID: strconv.Itoa(i), Data: out[begin:], ContentType: event.ContentType, Metadata: p.broker.metadata(&events[i])}
	}
	*buffer = out
	return entries
}
