package vcsim

import (
	"reflect"
	"slices"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// filter decides whether an event belongs to a collector. Each test is cheap, needs no copy of the event, and is only
// there if the specification asks for it.
type filter []func(record) bool

func (f filter) matches(r record) bool {
	for _, test := range f {
		if !test(r) {
			return false
		}
	}
	return true
}

// newFilter compiles a specification. What it cannot honour it refuses, naming the property, for a filter that lets
// everything through would pass for a working one.
func newFilter(spec types.EventFilterSpec, tree inventoryTree) (filter, types.BaseMethodFault) {
	if property := unsupported(spec); property != "" {
		return nil, &types.InvalidArgument{InvalidProperty: property}
	}
	var f filter
	f = f.withTime(spec.Time)
	f = f.withTypes(spec)
	f = f.withEntity(spec.Entity, tree)
	f = f.withUser(spec.UserName)
	if chain := spec.EventChainId; chain != 0 {
		f = append(f, func(r record) bool { return r.chain == chain })
	}
	if len(spec.Category) > 0 {
		f = append(f, func(r record) bool { return slices.Contains(spec.Category, categoryOf(r.body)) })
	}
	return f, nil
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

func (f filter) withTime(spec *types.EventFilterSpecByTime) filter {
	if spec == nil {
		return f
	}
	if spec.BeginTime != nil {
		begin := ceilMicro(*spec.BeginTime)
		f = append(f, func(r record) bool { return r.created >= begin })
	}
	if spec.EndTime != nil {
		end := spec.EndTime.UnixMicro()
		f = append(f, func(r record) bool { return r.created <= end })
	}
	return f
}

// ceilMicro rounds up: an event at 1 µs does not lie at or after 1.5 µs.
func ceilMicro(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

func (f filter) withTypes(spec types.EventFilterSpec) filter {
	if ids := spec.EventTypeId; len(ids) > 0 {
		f = append(f, func(r record) bool { return slices.Contains(ids, eventTypeID(r.body)) })
	}
	if classes := spec.Type; len(classes) > 0 {
		f = append(f, func(r record) bool { return slices.Contains(classes, className(r.body)) })
	}
	return f
}

func (f filter) withUser(spec *types.EventFilterSpecByUsername) filter {
	if spec == nil {
		return f
	}
	return append(f, func(r record) bool {
		user := r.body.GetEvent().UserName
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
	return append(f, func(r record) bool {
		return slices.ContainsFunc(entitiesOf(r.body), func(ref types.ManagedObjectReference) bool {
			return self && ref == spec.Entity || below && tree.below(ref, spec.Entity)
		})
	})
}

// className is the event's class, for example VmPoweredOnEvent or EventEx.
func className(event types.BaseEvent) string { return reflect.TypeOf(event).Elem().Name() }

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
