package relaytest

import (
	"context"
	"sync"
	"time"
)

// Members are replicas that meet in memory. It is safe for concurrent use.
type Members struct {
	Lease time.Duration // after so long without a sign a replica is dead

	mu   sync.Mutex
	seen map[*Member]sign
}

// sign is the last one of a replica.
type sign struct {
	at   time.Time
	able int
}

// Member is one replica. It is relay.Members.
type Member struct {
	members *Members

	// Err, when set, is asked before each call and makes it fail when it returns an error.
	Err func() error
}

// NewMember returns another replica.
func (m *Members) NewMember() *Member { return &Member{members: m} }

// Meet is relay.Members.
func (m *Member) Meet(ctx context.Context, able int) ([]int, error) {
	if err := m.fail(ctx); err != nil {
		return nil, err
	}
	all := m.members
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.seen == nil {
		all.seen = make(map[*Member]sign)
	}
	all.seen[m] = sign{time.Now(), able}
	var live []int
	for _, other := range all.seen {
		if time.Since(other.at) < all.Lease {
			live = append(live, other.able)
		}
	}
	return live, nil
}

// Leave is relay.Members.
func (m *Member) Leave(ctx context.Context) error {
	if err := m.fail(ctx); err != nil {
		return err
	}
	m.members.mu.Lock()
	defer m.members.mu.Unlock()
	delete(m.members.seen, m)
	return nil
}

func (m *Member) fail(ctx context.Context) error {
	if m.Err != nil {
		if err := m.Err(); err != nil {
			return err
		}
	}
	return ctx.Err()
}
