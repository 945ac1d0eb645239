package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// printer writes one line for each message.
type printer struct {
	out   io.Writer
	times bool // each line begins with when the message was stored
}

func (p printer) print(data []byte, stored time.Time) error {
	if p.times {
		if _, err := fmt.Fprintf(p.out, "%s\t", stored.UTC().Format(time.RFC3339Nano)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(p.out, "%s\n", data)
	return err
}

// read prints every message that stream holds now, oldest first, one line each, and ends. Nothing is acknowledged
// or removed.
func read(ctx context.Context, out printer, url, stream string) error {
	conn, err := nats.Connect(url)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", url, err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	source, err := js.Stream(ctx, stream)
	if err != nil {
		return fmt.Errorf("open stream %s: %w", stream, err)
	}
	state := source.CachedInfo().State
	if state.Msgs == 0 {
		return nil
	}
	consumer, err := source.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return fmt.Errorf("read stream %s: %w", stream, err)
	}
	return printUpTo(out, consumer, state.LastSeq)
}

func printUpTo(out printer, consumer jetstream.Consumer, last uint64) error {
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	defer messages.Stop()
	for {
		message, err := messages.Next()
		if err != nil {
			return fmt.Errorf("read message: %w", err)
		}
		metadata, err := message.Metadata()
		if err != nil {
			return fmt.Errorf("read message metadata: %w", err)
		}
		if err := out.print(message.Data(), metadata.Timestamp); err != nil {
			return err
		}
		if metadata.Sequence.Stream >= last {
			return nil
		}
	}
}
