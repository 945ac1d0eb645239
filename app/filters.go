package main

import (
	"fmt"
	"slices"

	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/filter"
)

// mostNames is how many event names vCenter is asked for; beyond, it sends all and the relay selects.
const mostNames = 100

// newFilter makes the filter of a route, nil where it wants all. It is for one stream.
func newFilter(route config.Route) (*filter.Filter, error) {
	var expression, pattern *filter.Filter
	var err error
	if route.Filter != "" {
		if expression, err = filter.CEL(route.Filter); err != nil {
			return nil, err
		}
	}
	if len(route.Pattern) > 0 {
		if pattern, err = filter.Pattern(route.Pattern); err != nil {
			return nil, err
		}
	}
	return filter.All(expression, pattern), nil
}

// selection is what vCenter itself is asked for: the events of the route, as far as its filter can want them.
func selection(route config.Route) ([]string, error) {
	wanted, err := newFilter(route)
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", route.Name, err)
	}
	names, closed := wanted.Names()
	switch {
	case !closed:
		return route.Events, nil
	case len(route.Events) > 0:
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(route.Events, name) })
	}
	if len(names) == 0 { // an empty list would ask vCenter for all
		return nil, unusable(fmt.Errorf("route %s: no event can be what its filter, pattern and events want together; mend one of them", route.Name))
	}
	if len(names) > mostNames {
		return route.Events, nil
	}
	return names, nil
}
