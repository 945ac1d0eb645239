package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	components "github.com/dapr/dapr/pkg/proto/components/v1"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
)

const (
	// Name is what the socket is called, without its ending, and the type of the component after "pubsub.".
	Name = "vcrelay.eventbridge"

	// DefaultFolder is where sidecars look for sockets where DAPR_COMPONENTS_SOCKETS_FOLDER is not set.
	DefaultFolder = "/tmp/dapr-components-sockets"

	largestRequest = 64 << 20        // more than any sidecar sends: it takes 4 MiB unless it is told otherwise
	stopGrace      = 5 * time.Second // for the requests on their way
)

// Component is a process that sidecars use as a pub/sub component.
type Component struct {
	folder string
	log    zerolog.Logger
}

// New returns the component whose socket is in folder, which is made where it is missing.
func New(folder string, log zerolog.Logger) *Component { return &Component{folder: folder, log: log} }

// Socket is where Run listens. A sidecar looks there once, at its start.
func (c *Component) Socket() string { return filepath.Join(c.folder, Name+".sock") }

// Run serves sidecars until ctx ends; requests on their way have five seconds then. A socket that a killed process left is taken away; one
// that another process serves is an error that is syscall.EADDRINUSE.
func (c *Component) Run(ctx context.Context) error {
	listener, err := c.listen(ctx)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(largestRequest))
	components.RegisterPubSubServer(server, &service{log: c.log, memory: memory{filepath.Join(c.folder, Name)}})
	reflection.Register(server) // by which a sidecar learns what this is
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		late := time.AfterFunc(stopGrace, server.Stop)
		defer late.Stop()
		server.GracefulStop()
	})
	c.log.Info().Str("socket", c.Socket()).Str("type", "pubsub."+Name).Msg("component listening")
	err = server.Serve(listener)
	if !stop() {
		<-stopped
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve sidecars: %w", err)
	}
	return nil
}

func (c *Component) listen(ctx context.Context) (net.Listener, error) {
	if err := os.MkdirAll(c.folder, 0o700); err != nil {
		return nil, fmt.Errorf("create the folder of sockets: %w; set DAPR_COMPONENTS_SOCKETS_FOLDER to another one, for the sidecar as well", err)
	}
	if err := c.removeStale(ctx); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", c.Socket())
	if err != nil {
		return nil, fmt.Errorf("%w; set DAPR_COMPONENTS_SOCKETS_FOLDER to a folder with a short path, for the sidecar as well", err)
	}
	return listener, nil
}

// removeStale takes away a socket that nobody serves: its file outlives a process that was killed.
func (c *Component) removeStale(ctx context.Context) error {
	connection, err := new(net.Dialer).DialContext(ctx, "unix", c.Socket())
	if err == nil {
		_ = connection.Close()
		return fmt.Errorf("listen on %s: %w: another `vcrelay component eventbridge` serves it; stop that one, or set DAPR_COMPONENTS_SOCKETS_FOLDER",
			c.Socket(), syscall.EADDRINUSE)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return nil // there is none, or Listen will say what is wrong
	}
	if err := os.Remove(c.Socket()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a stale socket: %w", err)
	}
	return nil
}
