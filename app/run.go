package main

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/vcrelay/vcrelay/app/checkpoint"
	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/event"
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
	settings, err := config.Read()
	if err != nil {
		return err
	}
	log := newLogger(settings.Log)
	registry := newRegistry()

	dapr, closeDapr, err := publish.Dial(settings.DaprAddress, settings.DaprToken.Reveal())
	if err != nil {
		return err
	}
	defer closeDapr()
	source := vcenter.NewSource(settings.Vcenter.Name, vim.NewDialer(vimConfig(settings.Vcenter), log).Dial, log)
	topic := publish.NewPubSub(dapr, settings.Target.Component, settings.Target.Topic)
	positions := checkpoint.NewStore(dapr, settings.StateStore, settings.Lease)
	observer := relay.NewObserver(registry, settings.Vcenter.Name, settings.Target.String())
	first := &firstContact{timeout: settings.ConnectTimeout, log: log}

	// One context for everything: whatever ends takes the rest along, and Wait waits for all.
	group, ctx := errgroup.WithContext(ctx)
	health := &web.Server{Listen: settings.Listen, Metrics: registry, Ready: func() error { return cmp.Or(first.Err(), observer.Err()) }}
	if err := health.Open(ctx); err != nil {
		return unusable(err)
	}
	working, stop := context.WithCancel(ctx)
	group.Go(func() error { return health.Run(working) })
	group.Go(func() error {
		defer stop()
		if err := first.reach(ctx, sidecar(topic, positions)); err != nil {
			return err
		}
		var origin *event.Origin
		if err := first.reach(ctx, vcenterOf(source, &origin)); err != nil {
			return err
		}
		defer source.Close(ctx)
		stream := &relay.Stream{
			ID:          origin.InstanceUUID + "/default",
			Source:      relaySource{source},
			Publisher:   topic,
			Checkpoints: positions,
			Begin:       beginning(source, settings.Start),
			Observer:    observer,
			Log:         log,
			Order:       settings.Order,
			Native:      topic.KeepsOrder(),
			Lease:       settings.Lease,
			MaxBytes:    settings.MaxEventBytes,
		}
		if settings.Heal {
			stream.Heal = dapr.Shutdown
		}
		return stream.Run(ctx)
	})
	if err := group.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil // told to stop before everything was reached
}

func sidecar(topic *publish.PubSub, positions *checkpoint.Store) part {
	return part{
		name:   "sidecar",
		remedy: "start a Dapr sidecar beside vcrelay, or set DAPR_GRPC_PORT to the one that runs",
		checks: []func(context.Context) error{topic.Check, positions.Check},
	}
}

func vcenterOf(source *vcenter.Source, origin **event.Origin) part {
	return part{
		name:   "vcenter",
		remedy: "check VCRELAY_VCENTER_URL and the way there",
		checks: []func(context.Context) error{func(ctx context.Context) (err error) {
			*origin, err = source.Connect(ctx)
			return err
		}},
	}
}

func vimConfig(settings config.Vcenter) vim.Config {
	return vim.Config{
		URL: settings.URL, Name: settings.Name, Credentials: settings.Credentials,
		Insecure: settings.Insecure, CAFile: settings.CAFile, Thumbprint: settings.Thumbprint, KnownHosts: settings.KnownHosts,
		Filter: vim.Filter{Events: settings.Events, Severities: settings.Severities},
	}
}

// relaySource lets the reader of package vcenter be the reader that package relay asks for.
type relaySource struct{ *vcenter.Source }

func (s relaySource) Open(ctx context.Context, after event.Position) (relay.Reader, error) {
	reader, err := s.Source.Open(ctx, after)
	if err != nil {
		return nil, err // not a nil *Reader in an interface
	}
	return reader, nil
}

func beginning(source *vcenter.Source, start event.Start) func(context.Context) (event.Position, error) {
	return func(ctx context.Context) (event.Position, error) {
		now, err := source.Now(ctx)
		if err != nil {
			return event.Position{}, err
		}
		return start.Position(now), nil
	}
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
