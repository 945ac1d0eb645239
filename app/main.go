// Command vcrelay carries the events of VMware vCenter to whatever should act on them, through a Dapr sidecar.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/vcrelay/vcrelay/app/checkpoint"
	"github.com/vcrelay/vcrelay/app/cli"
	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/lint"
	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// version is set by the build: -ldflags "-X main.version=...".
var version = "development"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, interrupted := untilSignal()
	err := cli.New(version, actions()).Run(ctx, args)
	if err != nil {
		complain(os.Stderr, err)
		return exitCode(err)
	}
	if interrupted() {
		return 130
	}
	return 0
}

// complain prints one line for each fault in err.
func complain(out io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			_, _ = fmt.Fprintln(out, "vcrelay:", line)
		}
	}
}

// exitCode follows the table in docs/design.md.
func exitCode(err error) int {
	var faults config.Faults
	var app *local.AppExitError
	switch {
	case errors.As(err, &app) && app.Code > 0: // `vcrelay up` ends as the app did that ended it
		return app.Code
	case errors.As(err, &faults), errors.Is(err, cli.ErrUsage), errors.Is(err, errSettings), errors.Is(err, vim.ErrSettings),
		errors.Is(err, publish.ErrUnfit), errors.Is(err, checkpoint.ErrUnfit), errors.Is(err, lint.ErrUnreadable), errors.Is(err, syscall.EADDRINUSE):
		return 2
	case errors.Is(err, vim.ErrCredentials), errors.Is(err, vim.ErrCertificate):
		return 4
	case errors.Is(err, errUnreachable):
		return 3
	default:
		return 1
	}
}

// Errors that decide the exit code.
var (
	errSettings    = errors.New("not usable as configured")
	errUnreachable = errors.New("not reached")
)

// unusable marks err as one that the settings are to blame for. It adds no words: err may be several lines, one a fault.
func unusable(err error) error { return settingsError{err} }

type settingsError struct{ error }

func (e settingsError) Unwrap() []error { return []error{errSettings, e.error} }

// untilSignal returns a context that ends with the first SIGINT or SIGTERM; a second one ends the process at once.
// interrupted reports whether it was SIGINT.
func untilSignal() (ctx context.Context, interrupted func() bool) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		received := <-signals
		signal.Stop(signals)
		if received == os.Interrupt {
			cancel(errInterrupted)
		} else {
			cancel(context.Canceled)
		}
	}()
	return ctx, func() bool { return errors.Is(context.Cause(ctx), errInterrupted) }
}

var errInterrupted = errors.New("interrupted")
