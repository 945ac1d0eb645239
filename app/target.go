package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/relay"
)

// target is what takes the events of a route.
type target interface {
	relay.Publisher
	Check(ctx context.Context) error
	KeepsOrder() bool
	MostEvents() int
	MostRequests() int

	// Type is the type of the component, e.g. pubsub.jetstream. Check comes first.
	Type() string
}

func newTarget(dapr client.Client, route config.Route) target {
	letters := newSink(dapr, route.DeadLetter)
	if route.Target.Kind == config.PubSub {
		return publish.NewPubSub(dapr, publish.PubSubOptions{Component: route.Target.Component, Topic: route.Target.Topic, Letters: letters})
	}
	options := bindingOptions(route.Target)
	options.Binary, options.Letters = route.Binary, letters
	return publish.NewBinding(dapr, options)
}

// newSink is where dead letters go, nil for nowhere.
func newSink(dapr client.Client, to config.Target) publish.Sink {
	switch to.Kind {
	case config.PubSub:
		return publish.NewPubSub(dapr, publish.PubSubOptions{Component: to.Component, Topic: to.Topic})
	case config.Binding:
		return publish.NewBinding(dapr, bindingOptions(to))
	default:
		return nil
	}
}

func bindingOptions(to config.Target) publish.BindingOptions {
	return publish.BindingOptions{Component: to.Component, Operation: to.Operation, Metadata: to.Metadata}
}

// canaryTargets are the canary's topic on each pub/sub component that a route uses; none without a topic.
func canaryTargets(dapr client.Client, topic string, routes []config.Route) map[string]publisher {
	targets := make(map[string]publisher)
	for _, route := range routes {
		if component := route.Target.Component; topic != "" && route.Target.Kind == config.PubSub {
			targets[component] = publish.NewPubSub(dapr, publish.PubSubOptions{Component: component, Topic: topic})
		}
	}
	return targets
}

// checkApart finds routes that would lose events to each other. JetStream drops what has the id of a message that the same
// stream of its has stored in the last two minutes, and all routes give an event the same id.
func checkApart(routes []config.Route, targets map[string]target) error {
	var faults []error
	for i, route := range routes {
		if targets[route.Name].Type() != "pubsub.jetstream" || route.OwnStream {
			continue
		}
		for _, other := range routes[:i] {
			if other.Target.Component == route.Target.Component && !other.OwnStream && overlap(route.Vcenters, other.Vcenters) {
				faults = append(faults, fmt.Errorf("routes %s and %s: both publish events of the same vCenter to %s, and JetStream would drop those of one as duplicates; "+
					"give the topic of one a JetStream stream of its own and set ownStream: true there, or use another component", other.Name, route.Name, route.Target.Component))
			}
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return unusable(errors.Join(faults...))
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}
