package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/checkpoint"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

const (
	// Where everything starts at once, something is always a little later: not worth a line, and soon over.
	quiet         = 3 * time.Second
	quietInterval = 250 * time.Millisecond
	laterInterval = 2 * time.Second

	// A sidecar answers before its last component is loaded, so a missing one is given this long.
	componentGrace = 5 * time.Second

	// A certificate that is being replaced may be seen beside the old file of authorities for a moment.
	certificateGrace = time.Second
)

// firstContact waits for what a relay cannot begin without. It is safe for concurrent use.
type firstContact struct {
	timeout time.Duration // 0: for ever
	log     zerolog.Logger

	mu  sync.Mutex
	err error // why the part that is tried is not reached
}

// part is something to reach: a name, what a person can do when it is not, and what has to succeed.
type part struct {
	name, remedy string
	checks       []func(context.Context) error
}

// Err says what is not reached yet; nil when nothing is being tried.
func (f *firstContact) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *firstContact) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// reach tries every check of p until all succeed. What only a person can mend (refused credentials or certificate, a
// missing component) ends it at once; the rest ends it after the timeout, or never when that is 0.
func (f *firstContact) reach(ctx context.Context, p part) error {
	began := time.Now()
	said := false
	var err error
	for {
		err = f.try(ctx, p.checks, began, err)
		waited := time.Since(began)
		switch {
		case err == nil || ctx.Err() != nil:
			f.note(nil)
			return ctx.Err()
		case f.timeout == 0: // somebody asked for a process that stays whatever happens
		case needsPerson(err) && (waited >= grace(err) || waited >= f.timeout):
			return err
		case waited >= f.timeout:
			return fmt.Errorf("%s %w within VCRELAY_CONNECT_TIMEOUT=%s: %w; %s", p.name, errUnreachable, f.timeout, err, p.remedy)
		}
		f.note(fmt.Errorf("%s: %w", p.name, err))
		if !said && waited >= quiet {
			said = true
			f.log.Warn().Err(err).Str("part", p.name).Msg("not reached yet, trying until it is")
		}
		if err := pause(ctx, f.interval(waited)); err != nil {
			return err
		}
	}
}

// try makes every check, and gives none longer than is left of the timeout: an address that swallows packets would
// otherwise hold it up for minutes. Where the time ends a check, last says more than that check.
func (f *firstContact) try(ctx context.Context, checks []func(context.Context) error, began time.Time, last error) error {
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, began.Add(f.timeout))
		defer cancel()
	}
	for _, check := range checks {
		err := check(ctx)
		if err != nil && ctx.Err() != nil {
			return cmp.Or(last, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *firstContact) interval(waited time.Duration) time.Duration {
	interval := quietInterval
	if waited >= quiet {
		interval = laterInterval
	}
	if left := f.timeout - waited; f.timeout > 0 {
		interval = min(interval, left)
	}
	return interval
}

// needsPerson tells what no waiting mends from what may come by itself.
func needsPerson(err error) bool {
	for _, class := range []error{
		vim.ErrCredentials, vim.ErrCertificate, vim.ErrSettings, publish.ErrUnfit, checkpoint.ErrUnfit, errSettings,
	} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}

// grace is how long such a fault may still be a matter of order at the start.
func grace(err error) time.Duration {
	switch {
	case errors.Is(err, vim.ErrCredentials), errors.Is(err, errSettings):
		return 0
	case errors.Is(err, vim.ErrCertificate):
		return certificateGrace
	case errors.Is(err, vim.ErrSettings): // a file that somebody else is about to write
		return forEver
	default:
		return componentGrace
	}
}

const forEver = time.Duration(1<<63 - 1)

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
