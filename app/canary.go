package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	canaryInterval = 15 * time.Second
	canaryTimeout  = 10 * time.Second

	// A component may be dead for good after so long: JetStream's client gives up after two minutes, see docs/reliability.md.
	canaryHealAfter = 150 * time.Second
)

// publisher takes canaries.
type publisher interface {
	Publish(ctx context.Context, events []event.Event) error
}

// canary shows, while no event goes anywhere, whether the way to the brokers is open: the sidecar itself calls a component healthy
// whose connection is dead.
type canary struct {
	sender string
	heal   func(context.Context) error // nil where the sidecar is not to be restarted
	log    zerolog.Logger

	mu      sync.Mutex
	targets map[string]publisher // by component
	faults  map[string]fault     // of those that do not take a canary
	n       int
}

// fault is since when a component takes no canary, and why.
type fault struct {
	since time.Time
	err   error
}

func newCanary(heal func(context.Context) error, log zerolog.Logger) *canary {
	return &canary{sender: uuid.NewString(), heal: heal, log: log, faults: make(map[string]fault)}
}

// use replaces the targets.
func (c *canary) use(targets map[string]publisher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.targets = targets
	maps.DeleteFunc(c.faults, func(component string, _ fault) bool { _, there := targets[component]; return !there })
}

// Err says which components take no canary.
func (c *canary) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []error
	for _, component := range slices.Sorted(maps.Keys(c.faults)) {
		all = append(all, fmt.Errorf("canary: %w", c.faults[component].err))
	}
	return errors.Join(all...)
}

// run sends canaries until ctx ends.
func (c *canary) run(ctx context.Context) {
	for pause(ctx, canaryInterval) == nil {
		c.mu.Lock()
		targets := maps.Clone(c.targets)
		c.mu.Unlock()
		for component, target := range targets {
			c.send(ctx, component, target)
		}
	}
}

func (c *canary) send(ctx context.Context, component string, target publisher) {
	c.n++
	sending, cancel := context.WithTimeout(ctx, canaryTimeout)
	defer cancel()
	err := target.Publish(sending, []event.Event{event.Canary(c.sender, c.n, time.Now())})
	if ctx.Err() != nil {
		return
	}
	out := c.note(component, err)
	if out < canaryHealAfter || c.heal == nil {
		return
	}
	c.log.Warn().Str("component", component).Dur("outage", out).Msg("takes no canary for long: restarting the sidecar, which may hold a dead connection to the broker")
	if err := c.heal(ctx); err != nil {
		c.log.Warn().Err(err).Msg("the sidecar was not restarted")
	}
}

// note returns how long the component takes none.
func (c *canary) note(component string, err error) (out time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, was := c.faults[component]
	switch {
	case err == nil && was:
		c.log.Info().Str("component", component).Dur("outage", time.Since(before.since)).Msg("takes canaries again")
		delete(c.faults, component)
	case err != nil && !was:
		c.log.Warn().Err(err).Str("component", component).Msg("takes no canary")
		c.faults[component] = fault{time.Now(), err}
	case err != nil:
		c.faults[component] = fault{before.since, err}
		return time.Since(before.since)
	}
	return 0
}
