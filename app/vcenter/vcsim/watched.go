package vcsim

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const latestEvent = "latestEvent"

// A client that only wants to know whether there is something new watches latestEvent.key and latestEvent.createdTime,
// which are a few bytes where latestEvent is an event. The simulator's filters do not follow a path into a property that
// has changed, so the notifier tells those who have asked for such paths of each by its own name. A property collector
// that watches latestEvent itself as well gets one empty value of it with each update.

// pathsInto lists the paths of a filter that lead into latestEvent.
func pathsInto(spec types.PropertyFilterSpec) []string {
	var paths []string
	for _, set := range spec.PropSet {
		for _, path := range set.PathSet {
			if set.Type == "EventManager" && strings.HasPrefix(path, latestEvent+".") {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// refuseParts is how a vCenter answers who does not serve fields of latestEvent.
func refuseParts(body types.AnyType) types.BaseMethodFault {
	var specs []types.PropertyFilterSpec
	switch call := body.(type) {
	case *types.RetrieveProperties:
		specs = call.SpecSet
	case *types.RetrievePropertiesEx:
		specs = call.SpecSet
	case *types.CreateFilter:
		specs = []types.PropertyFilterSpec{call.Spec}
	}
	for _, spec := range specs {
		if paths := pathsInto(spec); len(paths) > 0 {
			return &types.InvalidProperty{Name: paths[0]}
		}
	}
	return nil
}

// headField is the field of an event that a path names, nil if it is none that every event has.
func headField(event *types.Event, path string) types.AnyType {
	switch strings.TrimPrefix(path, latestEvent+".") {
	case "key":
		return event.Key
	case "chainId":
		return event.ChainId
	case "createdTime":
		return event.CreatedTime
	case "userName":
		return event.UserName
	case "fullFormattedMessage":
		return event.FullFormattedMessage
	}
	return nil
}

// follow notes the paths of a filter that is about to be created.
func (s *holding) follow(pc *simulator.PropertyCollector, body types.AnyType) {
	create, ok := body.(*types.CreateFilter)
	if !ok {
		return
	}
	for _, path := range pathsInto(create.Spec) {
		if !slices.Contains(s.paths[pc], path) {
			s.paths[pc] = append(s.paths[pc], path)
		}
	}
}

// watchers lists the property collectors that wait for changes of such paths, or have done so, with the paths.
func (t *sessionTable) watchers() map[*simulator.PropertyCollector][]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[*simulator.PropertyCollector][]string{}
	for _, s := range t.holdings {
		for pc := range s.waiting {
			if paths := s.paths[pc]; len(paths) > 0 {
				all[pc] = slices.Clone(paths)
			}
		}
	}
	return all
}
