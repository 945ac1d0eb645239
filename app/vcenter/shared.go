package vcenter

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
)

// openPatience is how long a stream waits for another that opens a reader, which it may be able to share.
const openPatience = 5 * time.Second

// Shared is one vCenter that is read for several streams, which want the same of it in the same layout. Those that stand at the same
// place of history are given the pages of one reader; any other has its own. It is safe for concurrent use.
type Shared struct {
	name    string // for people
	dial    Dial
	opening chan struct{} // held by who opens a reader

	mu       sync.Mutex
	members  int        // that are connected
	readings []*reading // the oldest first
}

// NewShared returns one that has not dialled yet. Each session that dial makes is used for one reader at a time.
func NewShared(name string, dial Dial) *Shared {
	return &Shared{name: name, dial: dial, opening: make(chan struct{}, 1)}
}

// Member is the part that one stream has in a shared vCenter. It is used by one goroutine.
type Member struct {
	shared    *Shared
	log       zerolog.Logger
	source    *Source // nil when a reading goes on in it for others
	connected bool
	origin    *event.Origin // of the first session
}

// Member returns a part that has not dialled yet.
func (s *Shared) Member(log zerolog.Logger) *Member { return &Member{shared: s, log: log} }

// Connect logs in when there is no session, and says which vCenter it is.
func (m *Member) Connect(ctx context.Context) (*event.Origin, error) {
	origin, err := m.own().Connect(ctx)
	if err != nil {
		return nil, err
	}
	m.origin = origin
	if !m.connected {
		m.connected = true
		m.shared.count(1)
	}
	return origin, nil
}

// Now is vCenter's own time.
func (m *Member) Now(ctx context.Context) (time.Time, error) { return m.own().Now(ctx) }

func (m *Member) own() *Source {
	if m.source == nil {
		m.source = NewSource(m.shared.name, m.shared.dial, m.log)
		m.source.origin = m.origin
	}
	return m.source
}

// Open returns a reader of what after does not count as done: one that goes on already, if that misses nothing, or a new one.
func (m *Member) Open(ctx context.Context, after event.Position) (*Listener, error) {
	if _, err := m.Connect(ctx); err != nil {
		return nil, err
	}
	settleStart(&after)
	l := &Listener{member: m, start: after.Start}
	if err := l.open(ctx, after); err != nil {
		return nil, err
	}
	return l, nil
}

// Close logs out, if no other member needs the login. The reader of this one is closed before.
func (m *Member) Close(ctx context.Context) {
	if m.connected {
		m.connected = false
		m.shared.count(-1)
	}
	if m.source != nil {
		m.source.Close(ctx)
	}
}

func (s *Shared) count(by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members += by
}

// hold waits until nobody else opens a reader, or for a while.
func (s *Shared) hold(ctx context.Context) (release func()) {
	timer := time.NewTimer(openPatience)
	defer timer.Stop()
	select {
	case s.opening <- struct{}{}:
		return func() { <-s.opening }
	case <-timer.C: // it is not to hold up everybody
	case <-ctx.Done():
	}
	return func() {}
}

// find returns a reading whose next page is the one that a stream at a position needs, nil for none; s.mu is held. Of those that
// are begun later than one, none is looked at.
func (s *Shared) find(at *event.Position, instance string, before *reading) *reading {
	for _, r := range s.readings {
		if r == before {
			return nil
		}
		if r.instance == instance && !r.borrowed && !r.vague && at.Covers(&r.at) {
			return r
		}
	}
	return nil
}

// forget has nobody else join a reading; s.mu is held.
func (s *Shared) forget(r *reading) {
	s.readings = slices.DeleteFunc(s.readings, func(other *reading) bool { return other == r })
}
