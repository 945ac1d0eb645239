package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
)

// watch prints every message that is published to subject, one line each, until ctx ends; those as well that JetStream
// then drops because it has seen their id. Its first line, `ready`, says that nothing published from then on is left out.
func watch(ctx context.Context, out io.Writer, url, subject string) error {
	conn, err := nats.Connect(url)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", url, err)
	}
	defer conn.Close()
	messages, err := conn.SubscribeSync(subject)
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	if err := messages.SetPendingLimits(-1, -1); err != nil { // a slow reader of the output leaves nothing out
		return fmt.Errorf("lift the limits of %s: %w", subject, err)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	if _, err := fmt.Fprintln(out, "ready"); err != nil {
		return err
	}
	for {
		message, err := messages.NextMsgWithContext(ctx)
		switch {
		case errors.Is(err, context.Canceled):
			return printRest(out, conn, messages)
		case err != nil:
			return fmt.Errorf("wait for a message: %w", err)
		}
		if _, err := fmt.Fprintf(out, "%s\n", message.Data); err != nil {
			return err
		}
	}
}

// printRest prints what was published until now: the answer to a flush comes behind it.
func printRest(out io.Writer, conn *nats.Conn, messages *nats.Subscription) error {
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("ask for the last messages: %w", err)
	}
	for {
		message, err := messages.NextMsg(time.Millisecond)
		if errors.Is(err, nats.ErrTimeout) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take the last messages: %w", err)
		}
		if _, err := fmt.Fprintf(out, "%s\n", message.Data); err != nil {
			return err
		}
	}
}
