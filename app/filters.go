package main

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/filter"
	"github.com/vcrelay/vcrelay/app/vcenter"
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

// wants is what the filter of a route wants of that which vCenter sends.
func wants(route config.Route, filter *filter.Filter) func(*event.Event) (bool, error) {
	return func(e *event.Event) (bool, error) {
		if e.TypeID == vcenter.BurstCompressed && len(route.Events) > 0 && !slices.Contains(route.Events, e.TypeID) {
			return false, nil // it was asked for to be announced
		}
		return filter.Match(e)
	}
}

// selection is what vCenter itself is asked for: the events of the route, as far as its filter can want them, and besides those by
// which it tells that its burst filter left some out. Empty is all.
func selection(route config.Route) ([]string, error) {
	names, err := wanted(route)
	if len(names) > 0 && !slices.Contains(names, vcenter.BurstCompressed) {
		names = append(slices.Clone(names), vcenter.BurstCompressed)
	}
	return names, err
}

func wanted(route config.Route) ([]string, error) {
	judge, err := newFilter(route)
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", route.Name, err)
	}
	names, closed := judge.Names()
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

// What a filter may ask for that the events of some profiles do not have.
var (
	asksForSubject = regexp.MustCompile(`(^|[^.\w])(event\.)?(subject|detail-type)\b`)
	asksForType    = regexp.MustCompile(`com\.vmware\.vsphere\.`)
)

// checkProfile refuses a filter that asks for what no event of the profile has: nothing would ever match, and nobody would see it.
func checkProfile(route config.Route) error {
	text := route.Filter + " " + string(route.Pattern)
	switch profile := profileOf(route); {
	case (profile == event.ProfileKnative || profile == event.ProfileKnativeXML) && asksForSubject.MatchString(text):
		return unusable(fmt.Errorf("route %s: the filter asks for the subject, which events of the profile %s do not have; ask for the type", route.Name, profile))
	case profile == event.ProfileEventRouter && asksForType.MatchString(text):
		return unusable(fmt.Errorf("route %s: the filter asks for a type com.vmware.vsphere..., which events of the profile %s do not have; ask for the subject", route.Name, profile))
	default:
		return nil
	}
}
