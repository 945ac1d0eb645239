package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/vcrelay/vcrelay/app/cli"
	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/local/runfile"
	"github.com/vcrelay/vcrelay/app/local/toolbox"
	"github.com/vcrelay/vcrelay/app/tally"
)

// App ids of dapr.yaml that `vcrelay up` knows by name; all others are just run.
const (
	appVcsim = "vcsim"
	appRelay = "vcrelay"
)

// patience is how long a count waits without any arrival before it calls what is left missing. It is longer than the
// broker waits before it delivers again what a killed sidecar held (ackWait, processingTimeout: at most 95 s).
const patience = 2 * time.Minute

// runUp is `vcrelay up`.
func runUp(ctx context.Context, options cli.Up) error {
	file, err := runfile.Read(options.File)
	if err != nil {
		return unusable(err)
	}
	if options.BuildOnly {
		return buildTools(ctx, file.Dir())
	}
	if err := useBackend(file, options.Backend); err != nil {
		return unusable(err)
	}
	ledger := filepath.Join(options.Dir, "delivered.ids")
	if err := os.Remove(ledger); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("begin a new ledger: %w", err)
	}
	simulated := os.Getenv("VCRELAY_VCENTER_URL") == "" && os.Getenv("VCRELAY_CONFIG") == ""
	absolute, err := filepath.Abs(ledger)
	if err != nil {
		return err
	}
	settings := local.Options{
		RunFile: file,
		Dir:     options.Dir,
		Output:  os.Stdout,
		Color:   term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "",
		Env: map[string]map[string]string{
			"":       {"VCRELAY_ECHO_LEDGER": absolute},
			appRelay: {"VCRELAY_HEAL": "restart-sidecar"}, // which this starts again
		},
	}
	if _, set := os.LookupEnv("VCRELAY_LOG_FORMAT"); !set {
		settings.Env[""]["VCRELAY_LOG_FORMAT"] = "text"
	}
	if !simulated {
		if slices.ContainsFunc(file.Apps, func(app runfile.App) bool { return app.ID == appVcsim }) {
			settings.Skip = []string{appVcsim}
		}
		forgetSimulator(file)
	}
	stack, err := local.New(settings)
	if err != nil {
		return unusable(err)
	}
	if options.For == 0 {
		err = stack.Run(ctx)
	} else {
		err = runAndCount(ctx, stack, counting{file: file, ledger: ledger, simulated: simulated, time: options.For})
	}
	if errors.Is(err, local.ErrMissing) {
		return unusable(err)
	}
	return err
}

// buildTools finds or builds the sidecar and the broker for the source tree root.
func buildTools(ctx context.Context, root string) error {
	notice := func(format string, arguments ...any) { fmt.Printf(format+"\n", arguments...) }
	tools := toolbox.Toolbox{Root: root, Notice: notice}
	for _, find := range []func(context.Context) (string, error){tools.Daprd, tools.Broker} {
		path, err := find(ctx)
		if err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}

// forgetSimulator takes out of the run file what points the relay at the simulated vCenter, so that the variables of the
// person's own environment hold.
func forgetSimulator(file *runfile.File) {
	for i := range file.Apps {
		if file.Apps[i].ID == appRelay {
			maps.DeleteFunc(file.Apps[i].Env, func(name, _ string) bool {
				return strings.HasPrefix(name, "VCRELAY_VCENTER_") || name == "VCRELAY_START"
			})
		}
	}
}

// counting is what a run with --for needs for its closing line.
type counting struct {
	file      *runfile.File
	ledger    string
	simulated bool
	time      time.Duration
}

// runAndCount runs the stack for a time, counts, stops it, and prints the count.
func runAndCount(ctx context.Context, stack *local.Stack, c counting) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- stack.Run(running)
		stop() // a stack that ends by itself ends the count
	}()
	result, countErr := c.count(running, stack.Ready())
	whole := running.Err() == nil
	stop()
	if err := <-ended; err != nil {
		return err
	}
	if countErr != nil || !whole {
		return countErr
	}
	return c.report(result)
}

// count lets the stack work, stops the workload, and waits until everything has arrived.
func (c counting) count(ctx context.Context, ready <-chan struct{}) (tally.Result, error) {
	select {
	case <-ready:
	case <-ctx.Done():
		return tally.Result{}, nil
	}
	if err := pause(ctx, c.time); err != nil {
		return tally.Result{}, nil //nolint:nilerr // the stack ended, or was told to: there is nothing to count
	}
	if !c.simulated {
		deliveries, err := tally.ReadLedger(c.ledger)
		return tally.Compare(nil, deliveries), err
	}
	simulator, err := c.simulator()
	if err != nil {
		return tally.Result{}, err
	}
	if err := simulator.SetRate(ctx, 0); err != nil {
		return tally.Result{}, err
	}
	log, err := simulator.Log(ctx)
	if err != nil {
		return tally.Result{}, err
	}
	return tally.Await(ctx, log, c.ledger, patience)
}

// simulator finds the simulated vCenter by the settings that the run file gives it.
func (c counting) simulator() (*tally.Simulator, error) {
	for _, app := range c.file.Apps {
		if app.ID == appVcsim {
			return tally.NewSimulator(app.Env["VCRELAY_VCSIM_LISTEN"], filepath.Join(app.Dir, app.Env["VCRELAY_VCSIM_CERT_FILE"]))
		}
	}
	return nil, fmt.Errorf("%w: %s has no app %q to count against", errSettings, c.file.Path, appVcsim)
}

func (c counting) report(result tally.Result) error {
	if !c.simulated {
		fmt.Printf("delivered %d (a real vCenter shows no log of its own to count against)\n", result.Foreign)
		return nil
	}
	fmt.Println(result)
	switch {
	case len(result.Missing) > 0:
		return fmt.Errorf("%d events did not arrive, the first is %s", len(result.Missing), result.Missing[0])
	case result.Relayed == 0:
		return errors.New("the simulated vCenter had no events")
	}
	return nil
}
