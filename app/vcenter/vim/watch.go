package vim

import (
	"cmp"
	"context"
	"errors"
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

const (
	latestEvent = "latestEvent"
	latestKey   = "latestEvent.key"
	latestTime  = "latestEvent.createdTime"
	latestPage  = "latestPage"
)

// errNotInParts says that vCenter does not give key and time of its newest event alone.
var errNotInParts = errors.New("key and time of the newest event are not to be had alone")

// subject is what shows the newest event: two fields of the event manager's latestEvent, which may be a large one, or all
// of it where vCenter gives no fields; with a filter the latestPage of a collector with that filter.
type subject struct {
	login     *login
	object    types.ManagedObjectReference
	collector bool // of our own, to be removed
	inParts   bool
}

func (s *Session) subject(ctx context.Context) (subject, error) {
	if s.filter.isZero() {
		return subject{login: s.login, object: *s.login.client.ServiceContent.EventManager, inParts: !s.notInParts.Load()}, nil
	}
	spec := s.filter.spec(vcenter.Span{}, false)
	spec.MaxCount = 1
	collector, err := s.create(ctx, spec)
	if err != nil {
		return subject{}, err
	}
	return subject{login: collector.login, object: collector.ref, collector: true}, nil
}

// askWhole notes, when the whole event has come where its parts have not, that nobody need ask for them again.
func (s *Session) askWhole(refusal error) {
	if s.notInParts.CompareAndSwap(false, true) {
		s.log.Debug().Err(refusal).Msg("asking vcenter for all of its newest event")
	}
}

func (w subject) remove(ctx context.Context) {
	if w.collector {
		ctx, cancel := vcenter.Farewell(ctx)
		defer cancel()
		held{login: w.login, ref: w.object}.destroy(ctx)
	}
}

func (w subject) spec() types.PropertyFilterSpec {
	return types.PropertyFilterSpec{
		ObjectSet: []types.ObjectSpec{{Obj: w.object}},
		PropSet:   []types.PropertySpec{{Type: w.object.Type, PathSet: w.paths()}},
	}
}

func (w subject) paths() []string {
	switch {
	case w.collector:
		return []string{latestPage}
	case w.inParts:
		return []string{latestKey, latestTime}
	default:
		return []string{latestEvent}
	}
}

// classify takes a fault for a refusal of the parts where they were asked for. Which one it would be is not known, so it is
// any but the end of the session: if it had another cause, it comes again when the whole is asked for.
func (w subject) classify(err error) error {
	refused := isFault(err)
	if err = w.login.classify(err); w.inParts && refused && !errors.Is(err, vcenter.ErrSessionEnded) {
		return fmt.Errorf("%w: %w", errNotInParts, err)
	}
	return err
}

// missing is why the first of these properties is not in an answer, nil if there is none.
func (w subject) missing(set []types.MissingProperty) error {
	if len(set) == 0 {
		return nil
	}
	fault := set[0].Fault.Fault
	if fault == nil { // of a class that govmomi does not know
		fault = new(types.MethodFault)
	}
	return w.classify(soap.WrapVimFault(fault))
}

// shown is what is known of the newest event. After the first time vCenter sends only what has changed, so two events of
// one moment differ by a key that comes alone.
type shown struct {
	mark         vcenter.Mark
	key, created part
}

type part struct {
	known bool
	fresh bool // came after the last mark that was given with both parts new
}

func (n *shown) note(name string, value types.AnyType) {
	switch name {
	case latestKey:
		n.mark.Key, n.key.known = value.(int32)
		n.key.fresh = true
	case latestTime:
		n.mark.Created, n.created.known = value.(time.Time)
		n.created.fresh = true
	default:
		n.mark = newest(value)
		n.key, n.created = part{true, true}, part{true, true}
	}
}

// update notes what an update brings, and tells whether it brings anything.
func (n *shown) update(updates *types.UpdateSet) (news bool, missing []types.MissingProperty) {
	if updates == nil {
		return false, nil
	}
	for _, filter := range updates.FilterSet {
		for _, object := range filter.ObjectSet {
			missing = append(missing, object.MissingSet...)
			for _, change := range object.ChangeSet {
				n.note(change.Name, change.Val)
				news = true
			}
		}
	}
	return news, missing
}

func (n *shown) complete() bool { return n.key.known && n.created.known }

// event is the newest event, zero while it cannot be made out. A time that comes alone does not belong to a key that was told
// with its own: the event's key is yet to come, or came alone just before.
func (n *shown) event() vcenter.Mark {
	if !n.complete() || !n.key.fresh {
		return vcenter.Mark{}
	}
	if n.created.fresh {
		n.key.fresh, n.created.fresh = false, false
	}
	return n.mark
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
	defer what.remove(ctx)
	found, err := s.retrieve(ctx, what)
	if errors.Is(err, errNotInParts) {
		refusal := err
		what.inParts = false
		if found, err = s.retrieve(ctx, what); err == nil && found.complete() {
			s.askWhole(refusal)
		}
	}
	if err != nil {
		return vcenter.Mark{}, false, err
	}
	mark := found.event()
	return mark, !mark.Created.IsZero(), nil
}

// retrieve reads what the properties show now.
func (s *Session) retrieve(ctx context.Context, what subject) (found shown, err error) {
	answer, err := methods.RetrieveProperties(ctx, what.login.client, &types.RetrieveProperties{
		This: property.DefaultCollector(what.login.client).Reference(), SpecSet: []types.PropertyFilterSpec{what.spec()},
	})
	if err != nil {
		return found, what.classify(err)
	}
	for _, object := range answer.Returnval {
		if err := what.missing(object.MissingSet); err != nil {
			return found, err
		}
		for _, p := range object.PropSet {
			found.note(p.Name, p.Val)
		}
	}
	if what.inParts && !found.complete() {
		return found, errNotInParts
	}
	return found, nil
}

// Watch is vcenter.Session.
func (s *Session) Watch(ctx context.Context, changed func(vcenter.Mark)) error {
	what, err := s.subject(ctx)
	if err != nil {
		return err
	}
	defer what.remove(ctx)
	err = s.watch(ctx, what, changed)
	if !errors.Is(err, errNotInParts) || ctx.Err() != nil {
		return err
	}
	refusal := err
	what.inParts = false
	return s.watch(ctx, what, func(newest vcenter.Mark) {
		s.askWhole(refusal)
		changed(newest)
	})
}

// watch has a property collector of its own, since each of them has one caller that waits.
func (s *Session) watch(ctx context.Context, what subject, changed func(vcenter.Mark)) error {
	collector, err := property.DefaultCollector(what.login.client).Create(ctx)
	if err != nil {
		return fmt.Errorf("create property collector: %w", what.login.classify(err))
	}
	defer func() {
		ctx, cancel := vcenter.Farewell(ctx)
		defer cancel()
		_ = collector.CancelWaitForUpdates(ctx) // vCenter goes on waiting when its caller has gone
		_ = collector.Destroy(ctx)              // else it ends with the session
	}()
	if _, err := collector.CreateFilter(ctx, types.CreateFilter{This: collector.Reference(), Spec: what.spec()}); err != nil {
		return fmt.Errorf("create property filter: %w", what.classify(err))
	}
	var known shown
	for version := ""; ; {
		updates, err := what.await(ctx, collector.Reference(), version)
		first := version == ""
		switch {
		case err != nil && first: // a refusal may come as late as that
			return fmt.Errorf("wait for events: %w", what.classify(err))
		case err != nil:
			return fmt.Errorf("wait for events: %w", what.login.classify(err))
		case updates != nil: // else nothing has changed
			version = updates.Version
		}
		news, missing := known.update(updates)
		if first && what.inParts && !known.complete() {
			return fmt.Errorf("wait for events: %w", cmp.Or(what.missing(missing), errNotInParts))
		}
		if news {
			changed(known.event())
		}
	}
}

func (w subject) await(ctx context.Context, collector types.ManagedObjectReference, version string) (*types.UpdateSet, error) {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	answer, err := methods.WaitForUpdatesEx(ctx, w.login.client, &types.WaitForUpdatesEx{
		This: collector, Version: version,
		Options: &types.WaitOptions{MaxWaitSeconds: types.NewInt32(int32(watchTurn.Seconds()))},
	})
	if err != nil {
		return nil, err
	}
	return answer.Returnval, nil
}
