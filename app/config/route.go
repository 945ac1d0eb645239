package config

import (
	"slices"
	"strings"

	"github.com/vcrelay/vcrelay/app/event"
)

// Route is what is published where. Each of its vCenters is a stream.
type Route struct {
	Name          string   // unique, and part of the name of the stored position
	Vcenters      []string // names, in the order of the file
	Events        []string // classes and EventTypeIds that vCenter selects; all when empty
	Severities    []string // likewise
	Filter        string   // CEL; empty: every event
	Pattern       []byte   // EventBridge pattern, an object in JSON; empty: every event
	Profile       string
	Target        Target
	DeadLetter    Target // where refused events go; none where its kind is empty
	Binary        bool   // a binding gets events in the binary mode of CloudEvents
	Order         event.Order
	Window        int  // events ahead of the stored position
	MaxEventBytes int  // 0: any
	Checkpoint    bool // false: no position is kept
	OwnStream     bool // the topic has a JetStream stream of its own
}

// Defaults are for the routes and vCenters that do not say. They come from the environment.
type Defaults struct {
	Target        Target
	DeadLetter    Target // none where its kind is empty
	Binary        bool
	Order         event.Order
	Window        int
	MaxEventBytes int
	Start         event.Start
}

const (
	defaultRoute   = "default"
	defaultProfile = "default"
	binaryMode     = "binary"
)

// route is the one that says nothing.
func (d Defaults) route() Route {
	letters := d.DeadLetter
	if letters.Kind == "" {
		letters = besides(d.Target)
	}
	return Route{
		Name: defaultRoute, Profile: defaultProfile, Target: d.Target, DeadLetter: letters, Binary: d.Binary,
		Order: d.Order, Window: d.Window, MaxEventBytes: d.MaxEventBytes, Checkpoint: true,
	}
}

// besides is the topic of dead letters where none is named; a binding has none.
func besides(target Target) Target {
	if target.Kind != PubSub {
		return Target{}
	}
	target.Topic += "-deadletter"
	return target
}

// read checks all of a route but its vCenters.
func (s *routeSection) read(r *report, defaults Defaults, checks Checks) Route {
	route := defaults.route()
	route.Name = s.Name.value
	route.Events, route.Severities = s.Events.values(), s.Severities.values()
	route.Filter, route.Pattern, route.OwnStream = s.Filter.value, s.Pattern.json, s.OwnStream.value
	if s.Profile.value != "" {
		route.Profile = s.Profile.value
	}
	if s.Order.value != "" {
		route.Order = taken[event.Order](r, s.Order.at)(event.ParseOrder(s.Order.value))
	}
	if s.Window.set {
		route.Window = s.Window.value
	}
	if s.MaxEventBytes.set {
		route.MaxEventBytes = s.MaxEventBytes.value
	}
	if s.Checkpoint.set {
		route.Checkpoint = s.Checkpoint.value
	}
	s.readTargets(r, &route)
	s.ask(r, checks)
	return route
}

// readTargets reads target, deadLetter and mode, which depend on each other.
func (s *routeSection) readTargets(r *report, route *Route) {
	if s.Target.value != "" {
		route.Target = taken[Target](r, s.Target.at)(readTarget(s.Target.value))
		route.DeadLetter, route.Binary = besides(route.Target), false
	}
	binding := isBinding(s.Target.value) || s.Target.value == "" && isBinding(route.Target.String())
	switch {
	case s.DeadLetter.value != "":
		route.DeadLetter = taken[Target](r, s.DeadLetter.at)(readTarget(s.DeadLetter.value))
		if s.DeadLetter.value == s.Target.value || s.DeadLetter.value == route.Target.String() {
			r.add(s.DeadLetter.at, "the same as target; a refused event needs another place")
		}
	case binding && !s.DeadLetter.set && route.DeadLetter.Kind == "":
		r.add(s.DeadLetter.at, "missing; a binding has no place of its own for events that it refuses: name one, e.g. pubsub://events/vcenter-deadletter")
	}
	if s.Mode.value != "" {
		route.Binary = s.Mode.value == binaryMode
		if !binding {
			r.add(s.Mode.at, "only a binding has a mode; remove it, a topic always gets structured events")
		}
	}
}

func isBinding(target string) bool { return strings.HasPrefix(target, "binding://") }

// ask lets those who know CEL, patterns and profiles look at them.
func (s *routeSection) ask(r *report, checks Checks) {
	if checks.CEL != nil && s.Filter.value != "" {
		if err := checks.CEL(s.Filter.value); err != nil {
			r.add(s.Filter.at, "%s", err)
		}
	}
	if checks.Pattern != nil && s.Pattern.json != nil {
		if err := checks.Pattern(slices.Clone(s.Pattern.json)); err != nil {
			r.add(s.Pattern.at, "%s", err)
		}
	}
	if checks.Profile != nil && s.Profile.value != "" {
		if err := checks.Profile(s.Profile.value); err != nil {
			r.add(s.Profile.at, "%s", err)
		}
	}
}
