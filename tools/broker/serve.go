package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// startTimeout covers the recovery of a large file store after a crash.
const startTimeout = 60 * time.Second

// serve runs the server until ctx ends and prints `ready <url>` when both streams exist. With syncAlways each write is
// on disk before it is acknowledged; otherwise, as NATS does by default, the kernel is asked to write every two
// minutes: a crash of the server loses nothing, a power cut may lose acknowledged events.
func serve(ctx context.Context, listen, dir string, syncAlways bool) error {
	options, err := serverOptions(listen, dir)
	if err != nil {
		return err
	}
	options.SyncAlways = syncAlways
	// The server only logs that it cannot listen; asking first gives the person who started it the reason.
	if err := checkFree(ctx, listen); err != nil {
		return err
	}
	srv, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("set up server: %w", err)
	}
	srv.SetLoggerV2(quietLog{os.Stderr}, false, false, false)
	srv.Start()
	defer srv.WaitForShutdown()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(startTimeout) {
		return fmt.Errorf("start server on %s: not ready after %s", listen, startTimeout)
	}
	if err := createStreams(ctx, srv.ClientURL(), events, deadLetters, canaries); err != nil {
		return err
	}
	fmt.Println("ready", srv.ClientURL())
	<-ctx.Done()
	return nil
}

func serverOptions(listen, dir string) (*server.Options, error) {
	host, portText, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("parse --listen %q: %w", listen, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("parse --listen %q: port is not a number", listen)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return &server.Options{
		ServerName: "vcrelay",
		Host:       host,
		Port:       port,
		JetStream:  true,
		StoreDir:   dir,
		NoSigs:     true,
		Logtime:    true,
	}, nil
}

func checkFree(ctx context.Context, listen string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another with --listen", listen, err)
	}
	return listener.Close()
}

func createStreams(ctx context.Context, url string, streams ...jetstream.StreamConfig) error {
	conn, err := nats.Connect(url)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", url, err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	for _, config := range streams {
		if _, err := js.CreateOrUpdateStream(ctx, config); err != nil {
			return fmt.Errorf("create stream %s: %w", config.Name, err)
		}
	}
	return nil
}
