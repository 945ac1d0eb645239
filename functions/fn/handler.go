// Package fn lets one Go function handle CloudEvents wherever it is hosted: behind a Dapr sidecar on a workstation or in
// Kubernetes, under OpenFunction, Knative or OpenFaaS. It is net/http and the CloudEvents SDK, because the Dapr SDK
// for Go loses the attributes subject and time and all extensions on the way to the handler.
//
// An event is acknowledged only after its handler has returned nil. Whatever else happens (an error, a panic, time is up,
// the process is killed) leaves it unacknowledged, so that the broker or Dapr's Resiliency delivers it again:
// every event is handled at least once, and a handler must bear to see one twice.
package fn

import (
	"context"
	"errors"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

// Handler acts on one event. Its result decides what becomes of the event:
//
//	nil                   acknowledged, never seen again
//	an error from Drop    poison: dead-lettered where the subscription has a dead-letter topic, else gone
//	any other error       delivered again
//	a panic               delivered again
//
// Handlers run concurrently, for different events and, after time is up, possibly for the same one.
// A handler stops when ctx ends; one that does not keeps its slot of Config.Concurrency until it returns.
// What it returns is logged, so an error names the event's entity, never its data.
type Handler func(ctx context.Context, ev cloudevents.Event) error

// ErrDrop is what errors.Is finds in every error made by Drop.
var ErrDrop = errors.New("event cannot be handled by trying again")

// Drop marks err as poison: no retry can mend it (data that does not parse, a VM that is gone). The mark survives further
// wrapping, and err stays visible to errors.Is and errors.As. Drop(nil) is nil.
func Drop(err error) error {
	if err == nil {
		return nil
	}
	return &dropError{cause: err}
}

type dropError struct{ cause error }

func (e *dropError) Error() string { return e.cause.Error() }

func (e *dropError) Unwrap() []error { return []error{ErrDrop, e.cause} }
