// Command daprd is the Dapr sidecar with only the components that the folders under components/ name.
//
// The runtime is Dapr's own, unchanged; this file only hands the parsed flags to it. Dapr's cmd/daprd/app cannot be
// imported for that: it registers either every component or none at all. Some components are mended by patches/*.patch,
// which app/local/toolbox applies when it builds this; `go build` alone does not.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
)

var (
	log     = logger.NewLogger("dapr.runtime")
	contrib = logger.NewLogger("dapr.contrib")

	patches = "none" // names of those in patches/ that it was built with; the linker sets it
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatalf("daprd: %s", err)
	}
}

func run(args []string) error {
	opts, err := options.New(args)
	if err != nil {
		return fmt.Errorf("parse flags: %w", err)
	}
	switch {
	case opts.RuntimeVersion:
		fmt.Println(buildinfo.Version())
		return nil
	case opts.BuildInfo:
		fmt.Printf("Version: %s\n", buildinfo.Version())
		return nil
	case opts.WaitCommand:
		runtime.WaitUntilDaprOutboundReady(opts.DaprHTTPPort)
		return nil
	}

	opts.Logger.SetAppID(opts.AppID)
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		return fmt.Errorf("set up logging: %w", err)
	}
	log.Infof("starting daprd %s with the components of vcrelay, patches: %s", buildinfo.Version(), patches)
	registerComponents(contrib)
	return serve(signals.Context(), opts)
}

// serve runs the sidecar until ctx ends or the shutdown API ends it. A SIGHUP, which Dapr takes as "load the
// configuration anew", ends one run of the sidecar and begins the next.
func serve(ctx context.Context, opts *options.Options) error {
	runs := signals.OnHUP(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case runCtx, ok := <-runs:
			if !ok {
				return nil
			}
			if err := runSidecar(runCtx, opts); err != nil { //nolint:contextcheck // runCtx ends with ctx
				return err
			}
			if runCtx.Err() == nil {
				return nil
			}
		}
	}
}
