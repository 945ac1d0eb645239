// Command broker is the NATS JetStream server that `vcrelay up` and the tests run, with a file store and the two
// streams that components/nats expects; `broker create` adds another to one that runs. It is a whole NATS server: any NATS client may connect.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "broker:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) > 0 && args[0] == "read":
		return runRead(ctx, args[1:])
	case len(args) > 0 && args[0] == "watch":
		return runWatch(ctx, args[1:])
	case len(args) > 0 && args[0] == "create":
		return runCreate(ctx, args[1:])
	default:
		return runServe(ctx, args)
	}
}

func runServe(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("broker", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:4222", "address to listen on; port 0 takes a free one")
	dir := flags.String("dir", ".vcrelay/nats", "folder of the file store")
	syncAlways := flags.Bool("sync-always", false, "write to disk before each acknowledgement (survives a power cut, slower)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return serve(ctx, *listen, *dir, *syncAlways)
}

func runRead(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("broker read", flag.ContinueOnError)
	url := flags.String("url", "nats://127.0.0.1:4222", "server to read from")
	stream := flags.String("stream", deadLetters.Name, "stream whose messages are printed, one line each")
	times := flags.Bool("times", false, "print before each message when it was stored (UTC, RFC 3339), and a tab")
	if err := flags.Parse(args); err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	if err := read(ctx, printer{out, *times}, *url, *stream); err != nil {
		return err
	}
	return out.Flush()
}

func runWatch(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("broker watch", flag.ContinueOnError)
	url := flags.String("url", "nats://127.0.0.1:4222", "server to listen to")
	subject := flags.String("subject", events.Name, "subject whose messages are printed as they are published, one line each")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return watch(ctx, os.Stdout, *url, *subject)
}

func runCreate(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("broker create", flag.ContinueOnError)
	url := flags.String("url", "nats://127.0.0.1:4222", "server to create the stream on")
	name := flags.String("stream", "", "stream, for the topic of that name and those below it")
	duplicates := flags.Duration("duplicates", duplicateWindow, "how long a message with an id that was seen is dropped")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *name == "" {
		return errors.New("name the stream: broker create -stream <topic>")
	}
	return createStreams(ctx, *url, streamOf(*name, *duplicates))
}
