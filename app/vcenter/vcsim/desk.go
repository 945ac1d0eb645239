package vcsim

import (
	"context"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// desk knows what each login session holds: its collectors and its waiting property collectors. What belongs to a
// session that has ended is forgotten at the next look, so that it does not matter how the session ended.
type desk struct {
	service *simulator.Service
	manager func() *eventManager

	mu    sync.Mutex
	seats map[string]*seat    // by session key
	ended map[string]struct{} // terminated by us; the simulator revives a session whose request was in flight
}

type seat struct {
	collectors map[*collector]struct{}
	waiting    map[*simulator.PropertyCollector]struct{}
}

func newDesk(service *simulator.Service) *desk {
	return &desk{service: service, seats: map[string]*seat{}, ended: map[string]struct{}{}}
}

// handle sees each call before the simulator does. It is simulator.Registry.Handler, the one hook there is: the
// objects of a session take precedence, so it puts our event manager into each session.
func (d *desk) handle(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if method.Name == "LoginByToken" {
		return nil, new(types.InvalidLogin) // the simulator accepts any token
	}
	if ctx.Session == nil {
		return nil, nil
	}
	if d.hasEnded(ctx.Session.Key) {
		return d.refuse(ctx, method)
	}
	if method.This.Type == collectorType && !owns(ctx.Session, method.This) {
		return nil, &types.ManagedObjectNotFound{Obj: method.This}
	}
	d.welcome(ctx.Session)
	d.watch(ctx.Session, method)
	return nil, nil
}

// watch notes a property collector that is about to wait, for only its CancelWaitForUpdates ends such a call.
func (d *desk) watch(session *simulator.Session, method *simulator.Method) {
	waits := strings.HasPrefix(method.Name, "WaitForUpdates")
	if !waits && method.Name != "DestroyPropertyCollector" {
		return
	}
	pc, ok := session.Get(method.This).(*simulator.PropertyCollector)
	if !ok {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if waits {
		d.seat(session.Key).waiting[pc] = struct{}{}
	} else {
		delete(d.seat(session.Key).waiting, pc)
	}
}

// refuse treats the caller as logged out. A login gets through: the client sends its old cookie along.
func (d *desk) refuse(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	d.end(ctx.Session.Key)
	ctx.Session = nil
	if method.Name == "Login" || method.Name == "RetrieveServiceContent" {
		return nil, nil
	}
	return nil, &types.NotAuthenticated{
		NoPermission: types.NoPermission{Object: &method.This, PrivilegeId: "System.View"},
	}
}

// owns tells whether a collector was created in the session: a cloned session shares the objects of its original.
func owns(session *simulator.Session, ref types.ManagedObjectReference) bool {
	return strings.HasPrefix(ref.Value, "session["+session.Key+"]")
}

func (d *desk) welcome(session *simulator.Session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.seats[session.Key]; known {
		return
	}
	d.seat(session.Key)
	session.Put(d.manager())
}

// seat returns the session's seat; d.mu is held.
func (d *desk) seat(key string) *seat {
	s, ok := d.seats[key]
	if !ok {
		s = &seat{
			collectors: map[*collector]struct{}{},
			waiting:    map[*simulator.PropertyCollector]struct{}{},
		}
		d.seats[key] = s
	}
	return s
}

// add puts a collector into a session, or returns false if the session holds as many as it may.
func (d *desk) add(session *simulator.Session, c *collector) bool {
	d.prune()
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.seat(session.Key)
	if len(s.collectors) >= maxCollectors {
		return false
	}
	session.Put(c)
	s.collectors[c] = struct{}{}
	return true
}

func (d *desk) drop(key string, c *collector) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.seat(key).collectors, c)
}

// collectors lists those of live sessions.
func (d *desk) collectors() []*collector {
	d.prune()
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*collector
	for _, s := range d.seats {
		for c := range s.collectors {
			all = append(all, c)
		}
	}
	return all
}

// prune forgets the seats of sessions that have ended and ends what waits there.
func (d *desk) prune() {
	live := map[string]bool{}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, session := range d.sessions() {
		live[session.Key] = true
	}
	for key, s := range d.seats {
		if !live[key] {
			delete(d.seats, key)
			s.leave(d.service.Context.Map)
		}
	}
}

// leave ends waits and removes the property collectors, which would otherwise gather updates for ever.
func (s *seat) leave(registry *simulator.Registry) {
	for pc := range s.waiting {
		registry.RemoveHandler(pc)
	}
	s.cancelWaits()
}

func (s *seat) cancelWaits() {
	for pc := range s.waiting {
		pc.CancelWaitForUpdates(&types.CancelWaitForUpdates{This: pc.Self})
	}
}

// cancelWaits ends every WaitForUpdates call that is under way.
func (d *desk) cancelWaits() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.seats {
		s.cancelWaits()
	}
}

// sessions lists the live login sessions.
func (d *desk) sessions() []types.UserSession {
	ref := d.service.Context.Map.SessionManager().Reference()
	return d.context().Session.Get(ref).(*simulator.SessionManager).SessionList
}

// terminate ends every session and returns how many there were.
func (d *desk) terminate() int {
	sessions := d.sessions()
	for _, session := range sessions {
		d.mu.Lock()
		d.ended[session.Key] = struct{}{}
		d.mu.Unlock()
		d.end(session.Key)
	}
	d.prune()
	return len(sessions)
}

func (d *desk) end(key string) {
	manager := d.service.Context.Map.SessionManager()
	manager.TerminateSession(d.context(), &types.TerminateSession{SessionId: []string{key}})
}

func (d *desk) hasEnded(key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ended := d.ended[key]
	return ended
}

// context returns a fresh context in a session of its own: the simulator shares a lock within one context.
func (d *desk) context() *simulator.Context { return newContext(d.service) }

func newContext(service *simulator.Service) *simulator.Context {
	ctx := *service.Context
	ctx.Context = context.Background()
	ctx.Session = &simulator.Session{Registry: simulator.NewRegistry(), Map: ctx.Map}
	return &ctx
}
