package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const (
	// callTimeout bounds one call with what the AWS SDK repeats of it: up to three tries, for throttling and lost connections.
	callTimeout = 15 * time.Second

	// An entry for which EventBridge is busy is offered so often, with a pause before the second time, and twice as long a one before each
	// further time.
	mostOffers = 4
	firstPause = 100 * time.Millisecond
)

// busy are the codes of entries that may be taken later ("PutEventsResultEntry" in the API reference). The others stay refused.
var busy = []string{"InternalFailure", "ThrottlingException"}

// bus is one event bus. It is safe for concurrent use.
type bus struct {
	client   *sdk.Client
	settings settings
}

// put offers the events in calls that are as large as PutEvents allows, one after the other, and returns for each event nil when
// EventBridge has it, else the reason. An entry that is refused is in nobody's way; a call that fails whole is the last one, and what
// was not offered then has its reason.
//
// Entries for which EventBridge is busy are offered again here, and not left to the relay: that can repeat a request as a
// whole only, with all that was taken.
func (b *bus) put(ctx context.Context, topic string, events [][]byte) []error {
	refused := make([]error, len(events))
	var entries []entry
	for i, event := range events {
		e, err := b.settings.newEntry(topic, event)
		if err != nil {
			refused[i] = fmt.Errorf("event %w", err)
			continue
		}
		e.index = i
		entries = append(entries, e)
	}
	for len(entries) > 0 {
		call := firstCall(entries)
		if left, err := b.call(ctx, call, refused); err != nil {
			for _, e := range append(slices.Clone(left), entries[len(call):]...) {
				refused[e.index] = err
			}
			break
		}
		entries = entries[len(call):]
	}
	return refused
}

// call makes one call, and more for the entries for which EventBridge is busy. What stays refused is noted; an error is that of
// the call as a whole, with the entries that it had.
func (b *bus) call(ctx context.Context, entries []entry, refused []error) (left []entry, err error) {
	pause := firstPause
	for offer := 1; ; offer++ {
		answers, err := b.offer(ctx, entries)
		if err != nil {
			return entries, err
		}
		if entries = note(entries, answers, refused); len(entries) == 0 || offer == mostOffers || !waited(ctx, pause) {
			return nil, nil
		}
		pause *= 2
	}
}

func (b *bus) offer(ctx context.Context, entries []entry) ([]types.PutEventsResultEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	input := sdk.PutEventsInput{Entries: make([]types.PutEventsRequestEntry, len(entries))}
	for i := range entries {
		input.Entries[i] = entries[i].put
	}
	answer, err := b.client.PutEvents(ctx, &input)
	if err != nil {
		return nil, err // it begins with the name of the service and of the call
	}
	if len(answer.Entries) != len(entries) {
		return nil, fmt.Errorf("EventBridge answered for %d entries of %d: nobody knows which it took", len(answer.Entries), len(entries))
	}
	return answer.Entries, nil
}

// note writes down what was refused, and returns the entries to offer again.
func note(entries []entry, answers []types.PutEventsResultEntry, refused []error) (again []entry) {
	for i, e := range entries {
		code, message := text(answers[i].ErrorCode), text(answers[i].ErrorMessage)
		switch {
		case code != "":
			refused[e.index] = fmt.Errorf("EventBridge refused the event: %s: %s", code, message)
		case text(answers[i].EventId) == "":
			refused[e.index] = errors.New("EventBridge gave the event neither an id nor an error")
		default:
			refused[e.index] = nil
		}
		if slices.Contains(busy, code) {
			again = append(again, e)
		}
	}
	return again
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// waited is false when ctx ended first.
func waited(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
