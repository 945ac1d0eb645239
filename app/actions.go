package main

import (
	"context"
	"fmt"
	"os"

	"github.com/vcrelay/vcrelay/app/cli"
	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/functions"
	"github.com/vcrelay/vcrelay/functions/fn"
)

// actions is what the commands do.
func actions() cli.Actions {
	return cli.Actions{Run: runRelay, Up: runUp, Vcsim: runVcsim, Probe: runProbe, Function: runFunction, Lint: runLint, EventBridge: runEventBridge}
}

func runVcsim(ctx context.Context, settings config.Vcsim) error {
	log, err := config.ReadLog()
	if err != nil {
		return err
	}
	readings, err := vcsim.ParseReadings(settings.Assume)
	if err != nil {
		return unusable(err)
	}
	mix, err := vcsim.ParseMix(settings.Mix)
	if err != nil {
		return unusable(err)
	}
	server, err := vcsim.New(vcsim.Config{
		Listen:       settings.Listen,
		Username:     settings.Username,
		Password:     settings.Password.Reveal(),
		InstanceUUID: settings.InstanceUUID,
		Version:      settings.Version,
		VMs:          settings.VMs,
		Hosts:        settings.Hosts,
		History:      settings.History,
		HistorySpan:  settings.HistorySpan,
		FirstKey:     settings.FirstKey,
		Readings:     readings,
		Faults:       settings.Fault,
		Rate:         settings.Rate,
		Mix:          mix,
		Seed:         settings.Seed,
		CertFile:     settings.CertFile,
		Logger:       newLogger(log),
	})
	if err != nil {
		return unusable(err)
	}
	if err := server.Listen(); err != nil {
		return unusable(err)
	}
	return server.Run(ctx)
}

func runFunction(ctx context.Context, name string) error {
	function, known := functions.Find(name)
	if !known {
		return fmt.Errorf("%w: no function %q; `vcrelay function list` shows them", cli.ErrUsage, name)
	}
	log, err := config.ReadLog()
	if err != nil {
		return err
	}
	settings, err := fn.ReadConfig(os.Getenv)
	if err != nil {
		return unusable(err)
	}
	handler, closer, err := function.New(os.Getenv, os.Stdout)
	if err != nil {
		return unusable(err)
	}
	defer func() { _ = closer.Close() }()
	return fn.New(name, handler, settings, newLogger(log)).Run(ctx)
}
