package vim

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter"
)

const (
	watchTurn    = 30 * time.Second // after which vCenter answers a watch though nothing has changed
	watchTimeout = 2 * watchTurn    // after which a watch that was not answered is given up: the connection may be dead
	callTimeout  = 30 * time.Second
)

// subject is the property that shows the newest event: the event manager's latestEvent, or with a filter the latestPage
// of a collector with that filter.
type subject struct {
	object    types.ManagedObjectReference
	property  string
	collector bool // of our own, to be removed
}

func (s *Session) subject(ctx context.Context) (subject, error) {
	manager := *s.client.ServiceContent.EventManager
	if s.filter.isZero() {
		return subject{object: manager, property: "latestEvent"}, nil
	}
	spec := s.filter.spec(vcenter.Span{}, false)
	spec.MaxCount = 1
	answer, err := methods.CreateCollectorForEvents(ctx, s.client, &types.CreateCollectorForEvents{This: manager, Filter: spec})
	if err != nil {
		return subject{}, classify(err)
	}
	return subject{object: answer.Returnval, property: "latestPage", collector: true}, nil
}

func (s *Session) remove(ctx context.Context, what subject) {
	if what.collector {
		ctx, cancel := vcenter.Farewell(ctx)
		defer cancel()
		_, _ = methods.DestroyCollector(ctx, s.client, &types.DestroyCollector{This: what.object}) // else it ends with the session
	}
}

func (w subject) spec() types.PropertyFilterSpec {
	return types.PropertyFilterSpec{
		ObjectSet: []types.ObjectSpec{{Obj: w.object}},
		PropSet:   []types.PropertySpec{{Type: w.object.Type, PathSet: []string{w.property}}},
	}
}

// newest reads the event from the property's value. It is zero for a class that govmomi does not know: that is a signal
// all the same.
func newest(value types.AnyType) vcenter.Mark {
	var mark vcenter.Mark
	if page, is := value.(types.ArrayOfEvent); is {
		for _, e := range page.Event {
			if e != nil && e.GetEvent().CreatedTime.After(mark.Created) {
				mark = markOf(e)
			}
		}
		return mark
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Struct {
		return mark
	}
	pointer := reflect.New(v.Type()) // govmomi gives the value, and the pointer is the event
	pointer.Elem().Set(v)
	if e, is := pointer.Interface().(types.BaseEvent); is {
		mark = markOf(e)
	}
	return mark
}

func markOf(e types.BaseEvent) vcenter.Mark {
	head := e.GetEvent()
	return vcenter.Mark{Key: head.Key, Created: head.CreatedTime}
}

// Latest is vcenter.Session. With a filter it is the newest of what was asked for.
func (s *Session) Latest(ctx context.Context) (vcenter.Mark, bool, error) {
	what, err := s.subject(ctx)
	if err != nil {
		return vcenter.Mark{}, false, err
	}
	defer s.remove(ctx, what)
	answer, err := methods.RetrieveProperties(ctx, s.client, &types.RetrieveProperties{
		This: property.DefaultCollector(s.client).Reference(), SpecSet: []types.PropertyFilterSpec{what.spec()},
	})
	if err != nil {
		return vcenter.Mark{}, false, classify(err)
	}
	for _, object := range answer.Returnval {
		for _, missing := range object.MissingSet {
			return vcenter.Mark{}, false, classify(soap.WrapVimFault(missing.Fault.Fault))
		}
		for _, p := range object.PropSet {
			mark := newest(p.Val)
			return mark, !mark.Created.IsZero(), nil
		}
	}
	return vcenter.Mark{}, false, nil
}

// Watch is vcenter.Session. It has a property collector of its own, since each of them has one caller that waits.
func (s *Session) Watch(ctx context.Context, changed func(vcenter.Mark)) error {
	what, err := s.subject(ctx)
	if err != nil {
		return err
	}
	defer s.remove(ctx, what)
	collector, err := property.DefaultCollector(s.client).Create(ctx)
	if err != nil {
		return fmt.Errorf("create property collector: %w", classify(err))
	}
	defer func() {
		ctx, cancel := vcenter.Farewell(ctx)
		defer cancel()
		_ = collector.CancelWaitForUpdates(ctx) // vCenter goes on waiting when its caller has gone
		_ = collector.Destroy(ctx)              // else it ends with the session
	}()
	if _, err := collector.CreateFilter(ctx, types.CreateFilter{This: collector.Reference(), Spec: what.spec()}); err != nil {
		return fmt.Errorf("create property filter: %w", classify(err))
	}
	for version := ""; ; {
		updates, err := s.await(ctx, collector.Reference(), version)
		if err != nil {
			return fmt.Errorf("wait for events: %w", classify(err))
		}
		if updates == nil {
			continue // nothing has changed
		}
		version = updates.Version
		for _, filter := range updates.FilterSet {
			for _, object := range filter.ObjectSet {
				for _, change := range object.ChangeSet {
					changed(newest(change.Val))
				}
			}
		}
	}
}

func (s *Session) await(ctx context.Context, collector types.ManagedObjectReference, version string) (*types.UpdateSet, error) {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	answer, err := methods.WaitForUpdatesEx(ctx, s.client, &types.WaitForUpdatesEx{
		This: collector, Version: version,
		Options: &types.WaitOptions{MaxWaitSeconds: types.NewInt32(int32(watchTurn.Seconds()))},
	})
	if err != nil {
		return nil, err
	}
	return answer.Returnval, nil
}
