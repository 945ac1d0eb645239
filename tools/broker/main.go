// Command broker is the NATS JetStream server that `vcrelay up` and the tests run, with a file store and the two
// streams that components/nats expects. It is a whole NATS server: any NATS client may connect.
package main

import (
	"context"
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
	if len(args) > 0 && args[0] == "read" {
		return runRead(ctx, args[1:])
	}
	return runServe(ctx, args)
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
	if err := flags.Parse(args); err != nil {
		return err
	}
	return read(ctx, os.Stdout, *url, *stream)
}
