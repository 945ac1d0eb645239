package vcsim

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// sessionTable knows what each login session holds: its collectors and its waiting property collectors. What belongs to a
// session that has ended is forgotten at the next look, so that it does not matter how the session ended.
type sessionTable struct {
	service *simulator.Service
	manager func() *eventManager

	mu       sync.Mutex
	holdings map[string]*holding  // by session key
	ended    map[string]struct{}  // terminated by us; the simulator revives a session whose request was in flight
	activity map[string]*activity // by session key
	limit    int                  // collectors of a session
	idle     time.Duration        // after which a session ends; 0: never
	expired  func()               // told of each that has
	whole    bool                 // latestEvent is served as a whole only
}

type holding struct {
	collectors map[*collector]struct{}
	waiting    map[*simulator.PropertyCollector]struct{}
	paths      map[*simulator.PropertyCollector][]string // into latestEvent, that it has a filter on
}

func newSessionTable(service *simulator.Service) *sessionTable {
	return &sessionTable{
		service: service, limit: maxCollectors,
		holdings: map[string]*holding{}, ended: map[string]struct{}{}, activity: map[string]*activity{},
	}
}

// handle sees each call before the simulator does. It is simulator.Registry.Handler, the one hook there is: the
// objects of a session take precedence, so it puts our event manager into each session.
func (t *sessionTable) handle(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if method.Name == "LoginByToken" {
		return nil, new(types.InvalidLogin) // the simulator accepts any token
	}
	if ctx.Session == nil {
		return nil, nil
	}
	if t.hasEnded(ctx.Session.Key) {
		return t.refuse(ctx, method)
	}
	if method.This.Type == collectorType && !owns(ctx.Session, method.This) {
		return nil, &types.ManagedObjectNotFound{Obj: method.This}
	}
	t.welcome(ctx.Session)
	if t.whole {
		if fault := refuseParts(method.Body); fault != nil {
			return nil, fault
		}
	}
	t.watch(ctx.Session, method)
	return nil, nil
}

// watch notes what a property collector is about to do: to follow something, or to wait, for only its
// CancelWaitForUpdates ends such a call.
func (t *sessionTable) watch(session *simulator.Session, method *simulator.Method) {
	if method.This.Type != "PropertyCollector" {
		return
	}
	pc, ok := session.Get(method.This).(*simulator.PropertyCollector)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.holding(session.Key)
	switch method.Name {
	case "CreateFilter":
		s.follow(pc, method.Body)
	case "WaitForUpdates", "WaitForUpdatesEx":
		s.waiting[pc] = struct{}{}
	case "DestroyPropertyCollector":
		delete(s.waiting, pc)
		delete(s.paths, pc)
	}
}

// refuse treats the caller as logged out. A login gets through: the client sends its old cookie along.
func (t *sessionTable) refuse(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	t.end(ctx.Session.Key)
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

func (t *sessionTable) welcome(session *simulator.Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.holdings[session.Key]; known {
		return
	}
	t.holding(session.Key)
	session.Put(t.manager())
}

// holding returns the session's holding; t.mu is held.
func (t *sessionTable) holding(key string) *holding {
	s, ok := t.holdings[key]
	if !ok {
		s = &holding{
			collectors: map[*collector]struct{}{},
			waiting:    map[*simulator.PropertyCollector]struct{}{},
			paths:      map[*simulator.PropertyCollector][]string{},
		}
		t.holdings[key] = s
	}
	return s
}

// add puts a collector into a session, or returns false if the session holds as many as it may.
func (t *sessionTable) add(session *simulator.Session, c *collector) bool {
	t.prune()
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.holding(session.Key)
	if len(s.collectors) >= t.limit {
		return false
	}
	session.Put(c)
	s.collectors[c] = struct{}{}
	return true
}

func (t *sessionTable) drop(key string, c *collector) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.holding(key).collectors, c)
}

// collectors lists those of live sessions.
func (t *sessionTable) collectors() []*collector {
	t.prune()
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []*collector
	for _, s := range t.holdings {
		for c := range s.collectors {
			all = append(all, c)
		}
	}
	return all
}

// prune forgets the holdings of sessions that have ended and ends what waits there.
func (t *sessionTable) prune() {
	live := map[string]bool{}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, session := range t.active() {
		live[session.Key] = true
	}
	for key, s := range t.holdings {
		if !live[key] {
			delete(t.holdings, key)
			s.leave(t.service.Context.Map)
		}
	}
	maps.DeleteFunc(t.activity, func(key string, a *activity) bool { return !live[key] && a.calls == 0 })
}

// leave ends waits and removes the property collectors, which would otherwise gather updates for ever.
func (s *holding) leave(registry *simulator.Registry) {
	for pc := range s.waiting {
		registry.RemoveHandler(pc)
	}
	s.cancelWaits()
}

func (s *holding) cancelWaits() {
	for pc := range s.waiting {
		pc.CancelWaitForUpdates(&types.CancelWaitForUpdates{This: pc.Self})
	}
}

// cancelWaits ends every WaitForUpdates call that is under way.
func (t *sessionTable) cancelWaits() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.holdings {
		s.cancelWaits()
	}
}

// active lists the live login sessions.
func (t *sessionTable) active() []types.UserSession {
	ref := t.service.Context.Map.SessionManager().Reference()
	return t.context().Session.Get(ref).(*simulator.SessionManager).SessionList
}

// terminate ends every session and returns how many there were.
func (t *sessionTable) terminate() int {
	sessions := t.active()
	for _, session := range sessions {
		t.mu.Lock()
		t.ended[session.Key] = struct{}{}
		t.mu.Unlock()
		t.end(session.Key)
	}
	t.prune()
	return len(sessions)
}

func (t *sessionTable) end(key string) {
	manager := t.service.Context.Map.SessionManager()
	manager.TerminateSession(t.context(), &types.TerminateSession{SessionId: []string{key}})
}

func (t *sessionTable) hasEnded(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ended := t.ended[key]
	return ended
}

// context returns a fresh context in a session of its own: the simulator shares a lock within one context.
func (t *sessionTable) context() *simulator.Context { return newContext(t.service) }

func newContext(service *simulator.Service) *simulator.Context {
	ctx := *service.Context
	ctx.Context = context.Background()
	ctx.Session = &simulator.Session{Registry: simulator.NewRegistry(), Map: ctx.Map}
	return &ctx
}
