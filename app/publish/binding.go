package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	// invokeTimeout bounds one call. A function may work while it is called; one that takes longer belongs behind a queue.
	invokeTimeout = time.Minute

	// Calls side by side: a binding takes one event at a call, so that is all its speed.
	mostCalls = 16
)

// Sink takes events; a PubSub and a Binding are ones.
type Sink interface {
	Check(ctx context.Context) error
	Publish(ctx context.Context, events []event.Event) error
}

// BindingOptions say how a Binding hands events over. Component and Operation are required.
type BindingOptions struct {
	Component string
	Operation string
	Metadata  map[string]string // of each call; the values may have the fields of event.Expand
	Binary    bool              // attributes beside the data, where the protocol behind the binding has a place for them
	Letters   Sink              // where dead letters go; nil for nowhere
}

// Binding hands events to a Dapr output binding, one at a call. It is safe for concurrent use after Check.
type Binding struct {
	dapr    client.Client
	options BindingOptions
	kind    *kind // nil before Check

	componentType string // after Check
}

// NewBinding returns a publisher to an output binding. It does not dial. Check comes before all else: what a call looks like
// depends on the type of the component, which the sidecar knows.
func NewBinding(dapr client.Client, options BindingOptions) *Binding {
	return &Binding{dapr: dapr, options: options}
}

// Type is the type of the component, e.g. bindings.http, after Check.
func (b *Binding) Type() string { return b.componentType }

// KeepsOrder is false: the order is kept by having one call after another.
func (b *Binding) KeepsOrder() bool { return false }

// MostEvents is how many events a call of Publish should have at most: a binding takes one.
func (b *Binding) MostEvents() int { return 1 }

// MostRequests is how many calls of Publish should be on their way at a time.
func (b *Binding) MostRequests() int { return mostCalls }

// Check returns an error when the sidecar has no such output binding, or one that cannot take events so, and the same for where
// dead letters go.
func (b *Binding) Check(ctx context.Context) error {
	found, err := component(ctx, b.dapr, b.options.Component, isOutputBinding)
	if err != nil {
		return err
	}
	if found == nil {
		return fmt.Errorf("%w: the sidecar has no output binding %q; add the component to its resources folder or set VCRELAY_TARGET", ErrUnfit, b.options.Component)
	}
	known, err := b.fitting(found.Type)
	if err != nil {
		return err
	}
	b.kind, b.componentType = &known, found.Type
	if b.options.Letters == nil {
		return nil
	}
	if err := b.options.Letters.Check(ctx); err != nil {
		return fmt.Errorf("VCRELAY_DEADLETTER: %w", err)
	}
	return nil
}

func isOutputBinding(c *client.MetadataRegisteredComponents) bool {
	return strings.HasPrefix(c.Type, "bindings.") && slices.Contains(c.Capabilities, "OUTPUT_BINDING")
}

// fitting is the kind of a component's type, if it takes events in the way that is asked for.
func (b *Binding) fitting(componentType string) (kind, error) {
	o := &b.options
	if why, bad := unfit[componentType]; bad {
		return kind{}, fmt.Errorf("%w: %s is a %s: %s", ErrUnfit, o.Component, componentType, why)
	}
	known, found := kinds[componentType]
	if !found {
		known = anyKind
	}
	if known.operations != nil && !slices.Contains(known.operations, o.Operation) {
		return kind{}, fmt.Errorf("%w: the operation %q of a %s does not store an event; set operation= in VCRELAY_TARGET to one of %s",
			ErrUnfit, o.Operation, componentType, strings.Join(known.operations, ", "))
	}
	if o.Binary && known.attribute == nil {
		return kind{}, fmt.Errorf("%w: a %s has no place for the attributes of the binary mode; set VCRELAY_MODE=structured", ErrUnfit, componentType)
	}
	return known, nil
}

// Publish invokes the binding once for each event, one after the other, and returns nil when each call said that its event was
// taken. It goes on after one that was not.
func (b *Binding) Publish(ctx context.Context, events []event.Event) error {
	if b.kind == nil {
		return fmt.Errorf("invoke binding %s: Check comes first", b.options.Component)
	}
	var faults []error
	for i := range events {
		if err := b.invoke(ctx, &events[i]); err != nil {
			faults = append(faults, fmt.Errorf("invoke binding %s: %w", b.options.Component, err))
		}
	}
	return errors.Join(faults...)
}

// SetAside hands an event that the binding refuses to where dead letters go, with the reason as attribute refusal. Without such a
// place it fails, so that the event is kept and tried again.
func (b *Binding) SetAside(ctx context.Context, e *event.Event, reason string) error {
	if b.options.Letters == nil {
		return fmt.Errorf("binding %s has no place for dead letters; set VCRELAY_DEADLETTER to one, e.g. pubsub://events/vcenter-deadletter, or have the binding take the event",
			b.options.Component)
	}
	letter := *e
	letter.Refusal = reason
	return b.options.Letters.Publish(ctx, []event.Event{letter})
}

func (b *Binding) invoke(ctx context.Context, e *event.Event) error {
	ctx, cancel := context.WithTimeout(ctx, invokeTimeout)
	defer cancel()
	request, err := b.request(e)
	if err != nil {
		return err
	}
	answer, err := b.dapr.InvokeBinding(ctx, request)
	switch {
	case err != nil && strings.Contains(err.Error(), "does not support operation"): // pkg/runtime/processor/binding/send.go of Dapr
		return fmt.Errorf("%w; set operation= in VCRELAY_TARGET to one of them that stores an event", err)
	case err != nil:
		return err
	case b.kind.status:
		return refusedByStatus(answer)
	default:
		return nil
	}
}

// request is the call for an event: its bytes, and the metadata that its kind of binding looks at. What the target says goes
// before what is usual.
func (b *Binding) request(e *event.Event) (*client.InvokeBindingRequest, error) {
	request := &client.InvokeBindingRequest{Name: b.options.Component, Operation: b.options.Operation, Metadata: b.kind.usual(e)}
	for key, value := range b.options.Metadata {
		request.Metadata[key] = event.Expand(value, e)
	}
	if !b.options.Binary {
		request.Data = event.AppendCloudEvent(make([]byte, 0, len(e.Data)+1024), e)
		b.kind.setContentType(request.Metadata, event.ContentType)
		return request, nil
	}
	attributes, err := event.Attributes(e)
	if err != nil {
		return nil, err
	}
	request.Data = e.Data
	b.kind.setContentType(request.Metadata, attributes["datacontenttype"])
	delete(attributes, "datacontenttype") // it is the content type
	for name, value := range attributes {
		header, text := b.kind.attribute(name, value)
		request.Metadata[header] = text
	}
	return request, nil
}

// usual is the metadata that a kind of binding needs for an event.
func (k *kind) usual(e *event.Event) map[string]string {
	metadata := map[string]string{k.partition: e.PartitionKey(), k.id: e.ID(), k.name: event.Expand(objectName, e)}
	delete(metadata, "") // of the keys that this kind has not
	if k.status {
		metadata["errorIfNot2XX"] = "false" // the status tells more than the error, whatever the component says
	}
	return metadata
}

func (k *kind) setContentType(metadata map[string]string, value string) {
	if k.contentType != "" {
		metadata[k.contentType] = value
	}
}
