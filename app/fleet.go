package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"

	"github.com/dapr/go-sdk/client"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/checkpoint"
	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
	"github.com/vcrelay/vcrelay/app/secret"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// fleet makes streams of what is configured: one for each vCenter of each route.
type fleet struct {
	settings  *config.Config
	dapr      client.Client
	positions *checkpoint.Store
	registry  prometheus.Registerer
	shares    *relay.Shares
	healer    *healer // nil where the sidecar is not to be restarted
	log       zerolog.Logger
	read      []byte // sum of the fleet file as settings have it: it may have changed since

	birds   *canary
	hangups chan os.Signal // asks to read the fleet file again

	health health
	who    identities

	mu        sync.Mutex
	dialers   map[string]*vim.Dialer     // by vCenter, whose streams share its logins
	shared    map[string]*vcenter.Shared // by vCenter and what is asked of it, where streams may share a reader
	connected map[string]*vcenter.Member // by stream: reached at the start, not in use yet
}

func newFleet(settings *config.Config, dapr client.Client, positions *checkpoint.Store, registry prometheus.Registerer, log zerolog.Logger) *fleet {
	f := &fleet{
		settings: settings, dapr: dapr, positions: positions, registry: registry, shares: relay.NewShares(), log: log,
		read:    settings.Sum,
		hangups: make(chan os.Signal, 1),
		dialers: make(map[string]*vim.Dialer), shared: make(map[string]*vcenter.Shared), connected: make(map[string]*vcenter.Member),
	}
	var heal func(context.Context) error
	if settings.FleetFile != "" { // from the start on: it would end the process
		signal.Notify(f.hangups, syscall.SIGHUP)
	}
	if settings.Heal {
		f.healer = &healer{restart: dapr.Shutdown}
		heal = f.healer.heal
	}
	f.birds = newCanary(heal, log)
	return f
}

// Err is nil while events can be relayed: a stream does its work, or stands by, and the canary is taken.
func (f *fleet) Err() error {
	if err := f.health.Err(); err != nil {
		return err
	}
	if err := f.birds.Err(); err != nil {
		return errors.Join(err, f.health.Ill())
	}
	return nil
}

// prepare checks the targets of a fleet, and returns its streams.
func (f *fleet) prepare(ctx context.Context, fleet config.Fleet) ([]relay.Plan, error) {
	targets := make(map[string]target)
	events := make(map[string][]string)
	for _, route := range fleet.Routes {
		var err error
		if events[route.Name], err = selection(route); err != nil {
			return nil, err
		}
		if err := checkProfile(route); err != nil {
			return nil, err
		}
		to := newTarget(f.dapr, route)
		if err := to.Check(ctx); err != nil {
			return nil, fmt.Errorf("route %s: %w", route.Name, err)
		}
		targets[route.Name] = to
		if route.DeadLetter.Kind == "" {
			f.log.Warn().Str("route", route.Name).Msg("no place for dead letters: an event that the binding refuses holds up those behind it until the binding takes it; set VCRELAY_DEADLETTER")
		}
	}
	if err := checkApart(fleet.Routes, targets); err != nil {
		return nil, err
	}
	f.birds.use(canaryTargets(f.dapr, f.settings.Canary, fleet.Routes))
	var plans []relay.Plan
	for _, route := range fleet.Routes {
		for _, instance := range fleet.Vcenters {
			if slices.Contains(route.Vcenters, instance.Name) {
				one := &one{instance, route, events[route.Name], targets[route.Name], f.log}
				if len(fleet.Vcenters)*len(fleet.Routes) > 1 {
					one.log = f.log.With().Str("stream", one.name()).Logger()
				}
				plans = append(plans, f.plan(one))
			}
		}
	}
	return plans, nil
}

// one is what one stream is made of.
type one struct {
	instance config.Vcenter
	route    config.Route
	events   []string // that vCenter is asked for; all when empty
	to       target
	log      zerolog.Logger
}

func (o *one) name() string { return o.instance.Name + "/" + o.route.Name }

func (f *fleet) plan(o *one) relay.Plan {
	return relay.Plan{
		Name:        o.name(),
		Fingerprint: o.instance.Fingerprint() + o.route.Fingerprint(),
		Open: func(ctx context.Context) (*relay.Stream, func(), error) {
			stream, release, err := f.open(ctx, o)
			if err != nil {
				f.health.note(o.name(), func() error { return err })
				return nil, nil, err
			}
			return stream, release, nil
		},
	}
}

// meet reaches the only vCenter there is, so that a mistake in its settings ends the process. Of several, one that is not
// reached is tried for ever, beside the others.
func (f *fleet) meet(ctx context.Context, first *firstContact, fleet config.Fleet) error {
	if len(fleet.Vcenters) != 1 {
		return nil
	}
	events, err := selection(fleet.Routes[0])
	if err != nil {
		return err
	}
	alone := &one{instance: fleet.Vcenters[0], route: fleet.Routes[0], events: events, log: f.log}
	source := f.source(alone)
	if err := first.reach(ctx, vcenterOf(source)); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected[alone.name()] = source
	return nil
}

// source is the reached one where there is one.
func (f *fleet) source(o *one) *vcenter.Member {
	f.mu.Lock()
	defer f.mu.Unlock()
	if source, there := f.connected[o.name()]; there {
		delete(f.connected, o.name())
		return source
	}
	settings := vimConfig(o.instance, o.route, o.events, secret.NewStores(f.dapr).Get)
	account := o.instance.Fingerprint()
	dialer, there := f.dialers[account]
	if !there {
		dialer = vim.NewDialer(settings, f.log)
		f.dialers[account] = dialer
	}
	asked := fmt.Sprintf("%s %q %v", account, settings.Filter, settings.Layout)
	shared, there := f.shared[asked]
	if !there {
		shared = vcenter.NewShared(o.instance.Name, dialer.With(settings).Dial)
		f.shared[asked] = shared
	}
	return shared.Member(o.log)
}

// open makes a stream. It reaches vCenter, since a stream is named for what answers there.
func (f *fleet) open(ctx context.Context, o *one) (*relay.Stream, func(), error) {
	instance, route, to, log := o.instance, o.route, o.to, o.log
	source := f.source(o)
	origin, err := source.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	renounce, err := f.who.claim(origin.InstanceUUID, instance.Name)
	if err != nil {
		source.Close(ctx)
		return nil, nil, err
	}
	before, err := f.positions.Identify(ctx, instance.URL.Host, origin.InstanceUUID)
	if err != nil {
		renounce()
		source.Close(ctx)
		return nil, nil, err
	}
	observer := relay.NewObserver(f.registry, instance.Name, route.Name, route.Target.String())
	f.health.note(o.name(), observer.Err)
	release := func() {
		source.Close(context.WithoutCancel(ctx))
		observer.Close()
		renounce()
		f.health.forget(o.name())
	}
	stream := &relay.Stream{
		ID:          origin.InstanceUUID + "/" + route.Name,
		Source:      relaySource{source},
		Publisher:   to,
		Checkpoints: f.positions,
		Begin:       (&beginning{source, origin, instance, before}).position,
		Observer:    observer,
		Log:         log,
		Profile:     profileOf(route),
		Order:       route.Order,
		Native:      to.KeepsOrder(),
		Batch:       to.MostEvents(),
		Requests:    to.MostRequests(),
		Lease:       f.settings.Lease,
		Window:      route.Window,
		MaxBytes:    route.MaxEventBytes,
		Shares:      f.shares,
		Origin:      origin,
		Idle:        source.Close,
	}
	judge, err := newFilter(route)
	if err != nil {
		release()
		return nil, nil, err
	}
	if judge != nil || len(route.Events) > 0 {
		stream.Filter = wants(route, judge)
	}
	if f.healer != nil {
		stream.Heal = f.healer.heal
	}
	if !route.Checkpoint {
		log.Warn().Str("route", route.Name).Msg("checkpoints are off for this route: what happens while no relay runs is lost")
		observer.KeepsNothing()
		stream.Checkpoints = &relay.AtMostOnce{Leases: f.positions, Lease: f.settings.Lease}
	}
	return stream, release, nil
}

// profileOf is the profile whose name was checked when the configuration was read.
func profileOf(route config.Route) event.Profile {
	profile, err := event.ParseProfile(route.Profile)
	if err != nil {
		return event.ProfileDefault
	}
	return profile
}

// run keeps the streams running until ctx ends.
func (f *fleet) run(ctx context.Context, plans []relay.Plan) error {
	all := make(chan []relay.Plan, 1)
	all <- plans
	f.health.plan(plans)
	streams := &relay.Fleet{Members: f.positions.Members(), Shares: f.shares, Lease: f.settings.Lease, Log: f.log}
	reloads := newReloads(f, all)
	var beside sync.WaitGroup
	beside.Go(func() { reloads.run(ctx) })
	beside.Go(func() { f.birds.run(ctx) })
	defer beside.Wait()
	return streams.Run(ctx, all)
}

// beginning is where the very first start of a stream begins.
type beginning struct {
	source   *vcenter.Member
	origin   *event.Origin
	instance config.Vcenter
	before   string // instance uuid of the vCenter that answered at this address before; empty for none
}

func (b *beginning) position(ctx context.Context) (event.Position, error) {
	now, err := b.source.Now(ctx)
	if err != nil {
		return event.Position{}, err
	}
	position := b.instance.Start.Position(now)
	switch {
	case b.before != "":
		position.Started = &event.Gap{From: now, To: position.Start, Reason: fmt.Sprintf(
			"another vCenter answers at %s: instance uuid %s, before %s; of its history, what was created before toTime is not relayed",
			b.origin.Source, b.origin.InstanceUUID, b.before)}
	case !position.Start.IsZero():
		position.Started = &event.Gap{To: position.Start, Reason: "first start: what was created before toTime is not relayed (VCRELAY_START)"}
	}
	return position, nil
}
