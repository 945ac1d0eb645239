package vcsim

import (
	"reflect"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// filter decides whether an event belongs to a collector. Each test is cheap, needs no copy of the event, and is only
// there if the specification asks for it.
type filter []func(*history.Row) bool

func (f filter) matches(r *history.Row) bool {
	for _, test := range f {
		if !test(r) {
			return false
		}
	}
	return true
}

// newFilter compiles a specification. What it cannot honour it refuses, naming the property, for a filter that lets
// everything through would pass for a working one.
func newFilter(spec types.EventFilterSpec, tree inventoryTree) (history.Filter, types.BaseMethodFault) {
	if property := unsupported(spec); property != "" {
		return history.Filter{}, &types.InvalidArgument{InvalidProperty: property}
	}
	var f filter
	f = f.withTypes(spec)
	f = f.withEntity(spec.Entity, tree)
	f = f.withUser(spec.UserName)
	if chain := spec.EventChainId; chain != 0 {
		f = append(f, func(r *history.Row) bool { return r.Chain == chain })
	}
	if len(spec.Category) > 0 {
		f = append(f, func(r *history.Row) bool { return slices.Contains(spec.Category, categoryOf(bodyOf(r))) })
	}
	return f.within(spec.Time), nil
}

// within is the filter of the database. One that has no tests is left out, which is quicker.
func (f filter) within(spec *types.EventFilterSpecByTime) history.Filter {
	var whole history.Filter
	if len(f) > 0 {
		whole.Match = f.matches
	}
	if spec != nil && spec.BeginTime != nil {
		whole.Begin = *spec.BeginTime
	}
	if spec != nil && spec.EndTime != nil {
		whole.End = *spec.EndTime
	}
	return whole
}

func unsupported(spec types.EventFilterSpec) string {
	switch {
	case spec.Alarm != nil:
		return "filter.alarm"
	case spec.ScheduledTask != nil:
		return "filter.scheduledTask"
	case len(spec.Tag) > 0:
		return "filter.tag"
	}
	return ""
}

func (f filter) withTypes(spec types.EventFilterSpec) filter {
	if ids := spec.EventTypeId; len(ids) > 0 {
		f = append(f, func(r *history.Row) bool { return slices.Contains(ids, eventTypeID(bodyOf(r))) })
	}
	if classes := spec.Type; len(classes) > 0 {
		f = append(f, func(r *history.Row) bool { return slices.Contains(classes, className(bodyOf(r))) })
	}
	return f
}

func (f filter) withUser(spec *types.EventFilterSpecByUsername) filter {
	if spec == nil {
		return f
	}
	return append(f, func(r *history.Row) bool {
		user := bodyOf(r).GetEvent().UserName
		return slices.Contains(spec.UserList, user) || spec.SystemUser && user == ""
	})
}

func (f filter) withEntity(spec *types.EventFilterSpecByEntity, tree inventoryTree) filter {
	if spec == nil {
		return f
	}
	self := spec.Recursion != types.EventFilterSpecRecursionOptionChildren
	below := spec.Recursion != types.EventFilterSpecRecursionOptionSelf
	if self && below && tree.isRoot(spec.Entity) {
		return f // everything, also what has no entity at all, such as a login
	}
	return append(f, func(r *history.Row) bool {
		return slices.ContainsFunc(entitiesOf(bodyOf(r)), func(ref types.ManagedObjectReference) bool {
			return self && ref == spec.Entity || below && tree.below(ref, spec.Entity)
		})
	})
}

// className is the event's class, for example VmPoweredOnEvent or EventEx.
func className(event types.BaseEvent) string {
	if raw, ok := event.(*rawEvent); ok {
		return raw.class
	}
	return reflect.TypeOf(event).Elem().Name()
}

// eventTypeID is the id of an EventEx or ExtendedEvent and the class of any other event, as filters want it.
func eventTypeID(event types.BaseEvent) string {
	if id := extendedID(event); id != "" {
		return id
	}
	return className(event)
}

// extendedID is the id of an EventEx or ExtendedEvent, empty for any other event.
func extendedID(event types.BaseEvent) string {
	switch e := event.(type) {
	case *types.EventEx:
		return e.EventTypeId
	case *types.ExtendedEvent:
		return e.EventTypeId
	}
	return ""
}

// entitiesOf lists what an event is about, each of its seven arguments and an EventEx's object.
func entitiesOf(event types.BaseEvent) []types.ManagedObjectReference {
	var refs []types.ManagedObjectReference
	e := event.GetEvent()
	if e.Vm != nil {
		refs = append(refs, e.Vm.Vm)
	}
	if e.Host != nil {
		refs = append(refs, e.Host.Host)
	}
	if e.ComputeResource != nil {
		refs = append(refs, e.ComputeResource.ComputeResource)
	}
	if e.Ds != nil {
		refs = append(refs, e.Ds.Datastore)
	}
	if e.Net != nil {
		refs = append(refs, e.Net.Network)
	}
	if e.Dvs != nil {
		refs = append(refs, e.Dvs.Dvs)
	}
	if e.Datacenter != nil {
		refs = append(refs, e.Datacenter.Datacenter)
	}
	if ex, ok := event.(*types.EventEx); ok && ex.ObjectId != "" {
		refs = append(refs, types.ManagedObjectReference{Type: ex.ObjectType, Value: ex.ObjectId})
	}
	return refs
}
