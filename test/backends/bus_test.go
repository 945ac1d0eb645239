//go:build e2e

package backends_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httputil"
	"net/url"
	"os"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

func init() { children["aws-eventbridge"] = runEventBridge }

// runEventBridge is EventBridge as far as the relay knows it: a proxy before moto, which keeps all that it has in memory. So it is the
// service that cannot be reached for a while, and not the service that forgets.
func runEventBridge() error {
	flags := flag.NewFlagSet("eventbridge", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:5000", "address to listen on")
	_ = flags.String("dir", "", "unused: it keeps nothing")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	moto := &url.URL{Scheme: "http", Host: os.Getenv("E2E_MOTO")}
	return serve(*listen, httputil.NewSingleHostReverseProxy(moto), func(address string) { fmt.Println("ready", address) })
}

// bus is moto with a bus, a rule, and a queue behind it that a function of the test reads.
type bus struct {
	*moto
	stop func() // ends the function
}

// startBus has components find the proxy by the AWS SDK's own variable, so that their folder is as it is.
func startBus(t *testing.T) *bus {
	t.Helper()
	b := &bus{moto: startMoto(t), stop: func() {}}
	b.ask("events", "AWSEvents.CreateEventBus", map[string]any{"Name": "vcenter"})
	return b
}

// read has the function take all events of the topic from its queue, one after the other, until stop.
func (b *bus) read(f *function) {
	queue := b.target("ledger", `{"source": ["vcrelay.vcenter"]}`)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.feed(ctx, queue, f) }()
	stopped := false
	b.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("function behind the queue: %v", err)
		}
	}
	b.t.Cleanup(b.stop)
}

// retire ends the function and takes its queue from the bus, which then forgets what comes: moto is slow with a queue that nobody reads.
func (b *bus) retire() {
	b.t.Helper()
	b.stop()
	b.ask("events", "AWSEvents.RemoveTargets", map[string]any{"Rule": "ledger", "EventBusName": "vcenter", "Ids": []string{"queue"}})
}

// feed removes messages when the function has handled them.
func (b *bus) feed(ctx context.Context, queue string, f *function) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for ctx.Err() == nil {
		messages, err := b.receive(ctx, queue)
		if len(messages) == 0 {
			<-again.C // a request that waits holds moto's queue up
		}
		for _, one := range messages {
			if err == nil {
				err = f.handleBody(ctx, one.body)
			}
		}
		if err == nil && len(messages) > 0 {
			err = b.remove(ctx, queue, messages)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// handleBody takes what a rule of EventBridge sends: the CloudEvent is its detail.
func (f *function) handleBody(ctx context.Context, body string) error {
	var sent busEvent
	if err := json.Unmarshal([]byte(body), &sent); err != nil {
		return fmt.Errorf("read event of the bus: %w", err)
	}
	var ev cloudevents.Event
	if err := json.Unmarshal(sent.Detail, &ev); err != nil {
		return fmt.Errorf("read detail: %w", err)
	}
	return f.handle(ctx, ev)
}
