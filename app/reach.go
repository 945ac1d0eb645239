package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/checkpoint"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/vcenter"
)

const (
	reachInterval = 250 * time.Millisecond

	// Where everything starts at once, something is always a little later: not worth a line.
	quiet = 3 * time.Second

	// A sidecar answers before its last component is loaded, so a missing one is given this long.
	componentGrace = 5 * time.Second

	// A certificate that is being replaced may be seen beside the old file of authorities for a moment.
	certificateGrace = time.Second
)

// reach tries every check until all succeed. What only a person can mend (refused credentials or certificate, a missing
// component) ends it at once; the rest ends it after timeout, or never when timeout is 0.
func reach(ctx context.Context, part string, timeout time.Duration, log zerolog.Logger, checks ...func(context.Context) error) error {
	began := time.Now()
	said := false
	for {
		err := firstError(ctx, checks)
		waited := time.Since(began)
		switch {
		case err == nil || ctx.Err() != nil:
			return ctx.Err()
		case timeout == 0: // somebody asked for a process that stays whatever happens
		case hopeless(err, waited):
			return err
		case waited >= timeout && errors.Is(err, vcenter.ErrSettings):
			return err
		case waited >= timeout:
			return fmt.Errorf("%w (VCRELAY_CONNECT_TIMEOUT=%s): %w", errUnreachable, timeout, err)
		}
		if !said && waited >= quiet {
			said = true
			log.Warn().Err(err).Str("part", part).Msg("not reached yet, trying until it is")
		}
		if err := pause(ctx, reachInterval); err != nil {
			return err
		}
	}
}

func firstError(ctx context.Context, checks []func(context.Context) error) error {
	for _, check := range checks {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

func hopeless(err error, waited time.Duration) bool {
	switch {
	case errors.Is(err, vcenter.ErrCredentials):
		return true
	case errors.Is(err, vcenter.ErrCertificate):
		return waited >= certificateGrace
	case errors.Is(err, publish.ErrUnfit), errors.Is(err, checkpoint.ErrUnfit):
		return waited >= componentGrace
	default:
		return false
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
