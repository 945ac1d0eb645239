// Package echo is the smallest function: it prints one line per event. It shows what arrives, and its ledger lets a test count
// deliveries from outside.
package echo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/functions/fn"
)

// Name is the function's name on the command line, its Dapr app id and its route.
const Name = "echo"

// longest keeps one event from filling the screen, in runes.
const longest = 400

// ErrRehearsed is the failure that VCRELAY_ECHO_FAIL asks for. It is no Drop: the event is retried, then dead-lettered.
var ErrRehearsed = errors.New("VCRELAY_ECHO_FAIL matches the subject")

// New reads VCRELAY_ECHO_LEDGER, VCRELAY_ECHO_LEDGER_TIMES and VCRELAY_ECHO_FAIL (see the README) and returns a handler that
// prints to out, one Write a line, never two at once. The Closer closes the ledger; the caller calls it after the last event.
func New(env fn.Env, out io.Writer) (fn.Handler, io.Closer, error) {
	fail, err := failPattern(env("VCRELAY_ECHO_FAIL"))
	if err != nil {
		return nil, nil, err
	}
	ledger, err := openLedger(env)
	if err != nil {
		return nil, nil, err
	}
	e := &echo{out: out, ledger: ledger, fail: fail}
	return e.handle, ledger, nil
}

func failPattern(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	pattern, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("VCRELAY_ECHO_FAIL=%q: give a part of an event name or a regular expression: %w", text, err)
	}
	return pattern, nil
}

type echo struct {
	mu     sync.Mutex // lines of concurrent events do not mix
	out    io.Writer
	ledger *ledger
	fail   *regexp.Regexp
}

// handle writes the ledger first: it counts deliveries, failed ones too.
func (e *echo) handle(_ context.Context, ev cloudevents.Event) error {
	if err := e.ledger.append(ev.ID()); err != nil {
		return err
	}
	if e.fail != nil && e.fail.MatchString(ev.Subject()) {
		return ErrRehearsed
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := io.WriteString(e.out, line(ev)); err != nil {
		return fmt.Errorf("print event: %w", err)
	}
	return nil
}

// line is time, name, entity, message and id. Every field is cleaned: whoever may name a VM chooses what stands in it.
func line(ev cloudevents.Event) string {
	name := ev.Subject()
	if name == "" {
		name = ev.Type()
	}
	entity, _ := ev.Extensions()["entity"].(string)
	return fmt.Sprintf("%s %s %s %s %s\n", timeOf(ev), field(name), field(entity), field(message(ev)), clean(ev.ID()))
}

func timeOf(ev cloudevents.Event) string {
	if ev.Time().IsZero() {
		return "-"
	}
	return ev.Time().UTC().Format(time.RFC3339)
}

// message is vCenter's own sentence, or the reason of an announcement. encoding/json matches names without regard to case, so the
// PascalCase profiles print as well; data that is not JSON prints as "-".
func message(ev cloudevents.Event) string {
	var data struct {
		FullFormattedMessage string `json:"fullFormattedMessage"`
		Reason               string `json:"reason"`
	}
	_ = json.Unmarshal(ev.Data(), &data)
	if data.FullFormattedMessage == "" {
		return data.Reason
	}
	return data.FullFormattedMessage
}
