package vcenter

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
)

// convert turns a page into events, without those that are done. An event whose class govmomi does not know arrives as
// nil; it is announced as a gap, never left out in silence.
func (r *Reader) convert(page []types.BaseEvent) ([]event.Event, error) {
	events := make([]event.Event, 0, len(page))
	for i, base := range page {
		if base == nil {
			gap, err := r.gap(page[i+1:])
			if err != nil {
				return nil, err
			}
			events = append(events, gap)
			continue
		}
		head := base.GetEvent()
		r.last.FromKey, r.last.From = head.Key, head.CreatedTime
		if r.after.Done(head.Key, head.CreatedTime) {
			continue
		}
		e, err := r.source.convert(base)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

func (r *Reader) gap(rest []types.BaseEvent) (event.Event, error) {
	gap := r.last
	gap.Reason, gap.Count = "vCenter sent an event of a class that this version of vcrelay does not know", 1
	for _, base := range rest {
		if base != nil {
			gap.ToKey, gap.To = base.GetEvent().Key, base.GetEvent().CreatedTime
			break
		}
	}
	r.source.log.Error().Int32("from_key", gap.FromKey).Int32("to_key", gap.ToKey).Msg(gap.Reason)
	return gap.Announce(r.source.origin)
}

func (s *Source) convert(base types.BaseEvent) (event.Event, error) {
	head := base.GetEvent()
	e := event.Event{
		Origin:  s.origin,
		Key:     head.Key,
		Created: head.CreatedTime.UTC(),
		Class:   reflect.Indirect(reflect.ValueOf(base)).Type().Name(),
		Entity:  entity(head),
	}
	switch typed := base.(type) {
	case *types.EventEx:
		e.TypeID, e.Severity = typed.EventTypeId, typed.Severity
	case *types.ExtendedEvent:
		e.TypeID = typed.EventTypeId
	}
	if e.Severity == "" {
		e.Severity = s.severities[e.Name()]
	}
	var data bytes.Buffer
	if err := types.NewJSONEncoder(&data).Encode(base); err != nil {
		return e, fmt.Errorf("encode event %d (%s): %w", e.Key, e.Name(), err)
	}
	e.Data = bytes.TrimSpace(data.Bytes())
	return e, nil
}

// entity is the most particular object that the event names.
func entity(head *types.Event) event.Ref {
	switch {
	case head.Vm != nil:
		return reference(head.Vm.Vm)
	case head.Host != nil:
		return reference(head.Host.Host)
	case head.Dvs != nil:
		return reference(head.Dvs.Dvs)
	case head.Net != nil:
		return reference(head.Net.Network)
	case head.Ds != nil:
		return reference(head.Ds.Datastore)
	case head.ComputeResource != nil:
		return reference(head.ComputeResource.ComputeResource)
	case head.Datacenter != nil:
		return reference(head.Datacenter.Datacenter)
	default:
		return event.Ref{}
	}
}

func reference(ref types.ManagedObjectReference) event.Ref {
	return event.Ref{Type: ref.Type, Value: ref.Value}
}
