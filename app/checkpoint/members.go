package checkpoint

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/dapr/go-sdk/client"
)

// membersKey names the one record in which all replicas meet: Dapr state cannot list keys.
const membersKey = "vcrelay/members"

// attempts is how often a beat is tried at once when another replica was faster.
const attempts = 5

// membersRecord is what the store holds, as JSON.
type membersRecord struct {
	Version int               `json:"version"`
	Members map[string]member `json:"members"` // by owner id
}

// member is a replica.
type member struct {
	Beat int64 `json:"beat"` // grows while it lives
	Able int   `json:"able"` // streams that it can relay
}

func (r *membersRecord) able() []int {
	all := make([]int, 0, len(r.Members))
	for _, m := range r.Members {
		all = append(all, m.Able)
	}
	return all
}

// Members are the replicas that live. One counts as dead when its number has not changed for the time of the lease, by our
// own monotonic clock. It is safe for concurrent use.
type Members struct {
	store *Store

	mu   sync.Mutex
	self member
	at   time.Time // when self was stored last
	seen map[string]pulse
}

// pulse is when a replica's number was first seen as it is.
type pulse struct {
	beat  int64
	since time.Time
}

// Members returns the replicas that keep their positions in the store, this one among them.
func (s *Store) Members() *Members { return &Members{store: s, seen: make(map[string]pulse)} }

// Meet says, three times within a lease, that this replica lives and can relay so many streams, and returns that number of each
// that lives. It is to be called more often than that.
func (m *Members) Meet(ctx context.Context, able int) (all []int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range attempts {
		current, etag, loadErr := m.load(ctx)
		if loadErr != nil {
			return nil, loadErr
		}
		m.observe(&current)
		stored, there := current.Members[m.store.owner]
		if there && stored.Able == able && time.Since(m.at) < m.store.lease/3 {
			return current.able(), nil
		}
		m.self.Beat++
		m.self.Able = able
		current.Members[m.store.owner] = m.self
		if err = m.write(ctx, &current, etag); err == nil {
			m.at = time.Now()
			return current.able(), nil
		}
	}
	return nil, fmt.Errorf("write the members record to %s, key %s: %w", m.store.component, membersKey, err)
}

// Leave takes this replica out of the record, so that the others need not see it dead first.
func (m *Members) Leave(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var err error
	for range attempts {
		current, etag, loadErr := m.load(ctx)
		if loadErr != nil {
			return loadErr
		}
		delete(current.Members, m.store.owner)
		if err = m.write(ctx, &current, etag); err == nil {
			return nil
		}
	}
	return fmt.Errorf("leave the members record: %w", err)
}

// observe notes who has beaten, and takes the dead out.
func (m *Members) observe(current *membersRecord) {
	now := time.Now()
	for id, other := range current.Members {
		seen, known := m.seen[id]
		if !known || seen.beat != other.Beat {
			m.seen[id] = pulse{other.Beat, now}
		} else if now.Sub(seen.since) >= m.store.lease && id != m.store.owner {
			delete(current.Members, id)
		}
	}
}

// load returns an empty record where there is none, or none that can be read: nothing is lost with it, since each replica
// writes itself into it again.
func (m *Members) load(ctx context.Context) (membersRecord, string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	empty := membersRecord{Version: recordVersion, Members: make(map[string]member)}
	item, err := m.store.dapr.GetStateWithConsistency(ctx, m.store.component, membersKey, nil, client.StateConsistencyStrong)
	if err != nil {
		return empty, "", fmt.Errorf("load the members record from %s, key %s: %w", m.store.component, membersKey, err)
	}
	var current membersRecord
	if json.Unmarshal(item.Value, &current) != nil || current.Version != recordVersion || current.Members == nil {
		return empty, item.Etag, nil
	}
	return current, item.Etag, nil
}

func (m *Members) write(ctx context.Context, next *membersRecord, etag string) error {
	data, err := json.Marshal(next)
	if err != nil {
		return err
	}
	return m.store.write(ctx, membersKey, data, etag)
}
