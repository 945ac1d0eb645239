package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vcrelay/vcrelay/app/cli"
	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/secret"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/probe"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

const mostProbePages = 20

// runProbe is `vcrelay probe`.
func runProbe(ctx context.Context, options cli.Probe) error {
	if options.Watch < 0 || options.Pages < 0 || options.Pages > mostProbePages {
		return fmt.Errorf("%w: --watch is a time from 0 on, --pages a number from 0 to %d; see `vcrelay probe --help`", cli.ErrUsage, mostProbePages)
	}
	settings, err := config.Read(config.Checks{})
	if err != nil {
		return err
	}
	if len(settings.Vcenters) > 1 {
		return unusable(fmt.Errorf("%s lists %d vCenters, and a probe is of one: unset VCRELAY_CONFIG and set VCRELAY_VCENTER_URL", settings.FleetFile, len(settings.Vcenters)))
	}
	dapr, closeDapr, err := publish.Dial(settings.DaprAddress, settings.DaprToken.Reveal()) // for an account in a secret store
	if err != nil {
		return err
	}
	defer closeDapr()
	path := options.Out
	if path == "" {
		path = "vcrelay-probe-" + time.Now().UTC().Format("2006-01-02-150405") + ".zip"
	}
	file, err := probe.CreateFile(path)
	if err != nil {
		return unusable(fmt.Errorf("%w; name another one with --out", err))
	}
	log := newLogger(settings.Log)
	result, err := probe.Run(ctx, vim.NewDialer(vimConfig(settings.Vcenters[0], settings.Routes[0], settings.Routes[0].Events, secret.NewStores(dapr).Get), log).Client, probe.Options{
		Tool: "vcrelay " + version, ConnectTimeout: settings.ConnectTimeout, Watch: options.Watch, Pages: options.Pages, Log: log,
	})
	if result == nil {
		file.Discard()
		return probeFault(ctx, err)
	}
	return errors.Join(present(os.Stdout, result, file, path), probeFault(ctx, err))
}

// present prints what was found, saves it, and says what is where.
func present(out io.Writer, result *probe.Result, file *probe.File, path string) error {
	if err := result.Summarize(out); err != nil {
		file.Discard()
		return err
	}
	if err := file.Save(result); err != nil {
		return err
	}
	state, pages := "", "no pages of events"
	if !result.Report.Complete {
		state = ", incomplete"
	}
	if n := len(result.Pages); n > 0 {
		pages = fmt.Sprintf("%d pages of events with names, addresses, paths and messages replaced (pages/)", n)
	}
	_, err := fmt.Fprintf(out, "\nWrote %s%s: this summary, the figures (report.json), %s.\n"+
		"Read it before you send it, e.g. with `unzip -p %[1]s | less`; docs/probe.md says where to send it.\n", path, state, pages)
	return err
}

// probeFault says what to do about an error of a probe.
func probeFault(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(context.Cause(ctx), errInterrupted): // the exit code says the latter
		return nil
	case ctx.Err() != nil:
		return errors.New("probe told to stop before its end")
	case errors.Is(err, vim.ErrCredentials), errors.Is(err, vim.ErrCertificate), errors.Is(err, vim.ErrSettings):
		return fmt.Errorf("vcenter: %w", err)
	case errors.Is(err, vcenter.ErrSessionEnded):
		return fmt.Errorf("vcenter: %w; somebody ended it, or vCenter was restarted: run the probe again", err)
	default:
		return fmt.Errorf("vcenter %w: %w; check VCRELAY_VCENTER_URL and the way there", errUnreachable, err)
	}
}
