package main

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/vcrelay/vcrelay/app/checkpoint"
	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/filter"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/relay"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
	"github.com/vcrelay/vcrelay/app/web"
)

// runRelay is `vcrelay run`, the wiring of all rooms:
//
//	vcenter -> event -> relay -> publish
//	                      |
//	                  checkpoint
func runRelay(ctx context.Context) error {
	settings, err := config.Read(fleetChecks())
	if err != nil {
		return err
	}
	log := newLogger(settings.Log)
	warn(log, settings.Fleet)
	dapr, closeDapr, err := publish.Dial(settings.DaprAddress, settings.DaprToken.Reveal())
	if err != nil {
		return err
	}
	defer closeDapr()
	registry := newRegistry()
	positions := checkpoint.NewStore(dapr, settings.StateStore, settings.Lease)
	positions.Log = log
	streams := newFleet(&settings, dapr, positions, registry, log)
	first := &firstContact{timeout: settings.ConnectTimeout, log: log}

	// One context for everything: whatever ends takes the rest along, and Wait waits for all.
	group, ctx := errgroup.WithContext(ctx)
	health := &web.Server{
		Listen: settings.Listen, Metrics: registry,
		Ready: func() error { return cmp.Or(first.Err(), streams.Err()) }, Ill: streams.health.Ill,
	}
	if err := health.Open(ctx); err != nil {
		return unusable(err)
	}
	working, stop := context.WithCancel(ctx)
	group.Go(func() error { return health.Run(working) })
	group.Go(func() error {
		defer stop()
		var plans []relay.Plan
		prepare := func(ctx context.Context) (err error) {
			plans, err = streams.prepare(ctx, settings.Fleet)
			return err
		}
		if err := first.reach(ctx, sidecar(positions.Check, prepare)); err != nil {
			return err
		}
		if err := streams.meet(ctx, first, settings.Fleet); err != nil {
			return err
		}
		return streams.run(ctx, plans)
	})
	if err := group.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil // told to stop before everything was reached
}

func sidecar(checks ...func(context.Context) error) part {
	return part{
		name:   "sidecar",
		remedy: "start a Dapr sidecar beside vcrelay, or set DAPR_GRPC_PORT to the one that runs",
		checks: checks,
	}
}

func vcenterOf(source *vcenter.Member) part {
	return part{
		name:   "vcenter",
		remedy: "check VCRELAY_VCENTER_URL and the way there",
		checks: []func(context.Context) error{func(ctx context.Context) error {
			_, err := source.Connect(ctx)
			return err
		}},
	}
}

func vimConfig(instance config.Vcenter, route config.Route, events []string, secrets config.Resolver) vim.Config {
	return vim.Config{
		URL: instance.URL, Name: instance.Name,
		Credentials: func(ctx context.Context) (*url.Userinfo, error) { return instance.Credentials(ctx, secrets) },
		Insecure:    instance.Insecure, CAFile: instance.CAFile, Thumbprint: instance.Thumbprint, KnownHosts: instance.KnownHosts,
		Layout: profileOf(route).Layout(),
		Filter: vim.Filter{Events: events, Severities: route.Severities},
	}
}

// fleetChecks are what others know about parts of a fleet file.
func fleetChecks() config.Checks {
	return config.Checks{
		CEL:     func(expression string) error { _, err := filter.CEL(expression); return err },
		Pattern: func(object []byte) error { _, err := filter.Pattern(object); return err },
		Profile: func(name string) error { _, err := event.ParseProfile(name); return err },
	}
}

func warn(log zerolog.Logger, fleet config.Fleet) {
	for _, warning := range fleet.Warnings {
		log.Warn().Str("warning", warning).Msg("configuration works and should be mended")
	}
}

// relaySource lets the reader of package vcenter be the reader that package relay asks for.
type relaySource struct{ *vcenter.Member }

func (s relaySource) Open(ctx context.Context, after event.Position) (relay.Reader, error) {
	reader, err := s.Member.Open(ctx, after)
	if err != nil {
		return nil, err // not a nil *Listener in an interface
	}
	return reader, nil
}

func newLogger(settings config.Log) zerolog.Logger {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	if settings.Text {
		writer := zerolog.ConsoleWriter{Out: os.Stderr, NoColor: !settings.Color, TimeFormat: "15:04:05.000"}
		return zerolog.New(writer).Level(settings.Level).With().Timestamp().Logger()
	}
	return zerolog.New(os.Stderr).Level(settings.Level).With().Timestamp().Logger()
}

func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "vcrelay_build_info", Help: "Always 1; the version is a label.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}
