package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/checkpoint"
	"github.com/vcrelay/vcrelay/app/cli"
	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

func TestEachErrorHasItsExitCode(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"anything else":        {errors.New("broken"), 1},
		"usage":                {fmt.Errorf("%w: no such flag", cli.ErrUsage), 2},
		"configuration":        {config.Faults{"VCRELAY_START: wrong"}, 2},
		"a run file":           {unusable(errors.Join(errors.New("dapr.yaml:1: wrong"), errors.New("dapr.yaml:2: wrong"))), 2},
		"a file to come":       {fmt.Errorf("connect: %w", vim.ErrSettings), 2},
		"no pub/sub component": {fmt.Errorf("%w: events", publish.ErrUnfit), 2},
		"no state store":       {fmt.Errorf("%w: checkpoints", checkpoint.ErrUnfit), 2},
		"a busy port":          {fmt.Errorf("listen: %w", syscall.EADDRINUSE), 2},
		"not reached":          {fmt.Errorf("vcenter %w: refused", errUnreachable), 3},
		"credentials":          {fmt.Errorf("connect: %w", vim.ErrCredentials), 4},
		"certificate":          {fmt.Errorf("connect: %w", vim.ErrCertificate), 4},
		"an app of up":         {fmt.Errorf("up: %w", &local.AppExitError{App: "vcrelay", Code: 4}), 4},
		"a killed app of up":   {&local.AppExitError{App: "vcrelay", Code: -1}, 1},
	} {
		if got := exitCode(c.err); got != c.code {
			t.Errorf("%s: %d, want %d", name, got, c.code)
		}
	}
}

func TestEachFaultIsALineOfItsOwnThatNamesTheProgram(t *testing.T) {
	var out strings.Builder
	complain(&out, unusable(errors.Join(errors.New("dapr.yaml:1: one"), errors.New("dapr.yaml:2: two"))))
	if want := "vcrelay: dapr.yaml:1: one\nvcrelay: dapr.yaml:2: two\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// attempt reaches for a part whose check is given, in time that costs nothing, and returns how long that took.
func attempt(t *testing.T, timeout time.Duration, check func(context.Context) error) (took time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		first := &firstContact{timeout: timeout, log: zerolog.Nop()}
		err = first.reach(t.Context(), part{name: "part", remedy: "mend it", checks: []func(context.Context) error{check}})
		took = time.Since(began)
	})
	return took, err
}

func TestTheFirstContactEndsByWhatIsWrong(t *testing.T) {
	away := errors.New("connection refused")
	for name, c := range map[string]struct {
		fault   error
		timeout time.Duration
		class   error
		took    time.Duration
	}{
		"unreachable, after the timeout":            {away, 2 * time.Second, errUnreachable, 2 * time.Second},
		"unreachable for longer":                    {away, time.Minute, errUnreachable, time.Minute},
		"refused credentials, at once":              {vim.ErrCredentials, time.Minute, vim.ErrCredentials, 0},
		"a refused certificate, after a second":     {vim.ErrCertificate, time.Minute, vim.ErrCertificate, time.Second},
		"a refused certificate, at a short timeout": {vim.ErrCertificate, time.Second / 2, vim.ErrCertificate, time.Second / 2},
		"a missing component, after its grace":      {publish.ErrUnfit, time.Minute, publish.ErrUnfit, componentGrace + time.Second},
		"a missing store, at a short timeout":       {checkpoint.ErrUnfit, time.Second, checkpoint.ErrUnfit, time.Second},
		"a missing file, after the timeout":         {vim.ErrSettings, 9 * time.Second, vim.ErrSettings, 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			took, err := attempt(t, c.timeout, func(context.Context) error { return fmt.Errorf("ask: %w", c.fault) })
			if !errors.Is(err, c.class) || !errors.Is(err, c.fault) || took < c.took-time.Second && took != c.took || took > c.took {
				t.Errorf("%v after %s, want %v within %s", err, took, c.class, c.took)
			}
		})
	}
}

func TestWhoCannotBeReachedIsNamedWithTheRemedyAndTheLastReason(t *testing.T) {
	tries := 0
	_, err := attempt(t, 2*time.Second, func(ctx context.Context) error {
		if tries++; tries < 3 {
			return errors.New("connection refused")
		}
		<-ctx.Done() // cut off by the timeout, which says less
		return ctx.Err()
	})
	if want := "part not reached within VCRELAY_CONNECT_TIMEOUT=2s: connection refused; mend it"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestATimeoutOfZeroWaitsForEverAndSaysMeanwhileWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		tries := 0
		first := &firstContact{log: zerolog.Nop()}
		ended := make(chan error, 1)
		go func() {
			ended <- first.reach(ctx, part{name: "vcenter", checks: []func(context.Context) error{func(context.Context) error {
				tries++
				return vim.ErrCredentials
			}}})
		}()
		timer := time.NewTimer(time.Hour)
		<-timer.C
		synctest.Wait()
		if err := first.Err(); err == nil || err.Error() != "vcenter: credentials refused" {
			t.Errorf("Err: %v", err)
		}
		if tries > 2000 {
			t.Errorf("%d tries in an hour", tries)
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("after the order to stop: %v", err)
		}
	})
}
