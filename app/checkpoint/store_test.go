package checkpoint_test

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dapr/go-sdk/client"
	"github.com/google/uuid"

	"github.com/vcrelay/vcrelay/app/checkpoint"
	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

const (
	lease  = 9 * time.Second
	stream = "3c0f7a10/default"
	record = "vcrelay/stream/" + stream
)

// fakeDapr is a sidecar with a state store in memory.
type fakeDapr struct {
	client.Client
	mu      sync.Mutex
	values  map[string]value
	version int
	mute    bool // writes come through, and nothing is answered
}

var errNoAnswer = errors.New("no answer")

func (f *fakeDapr) setMute(mute bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mute = mute
}

func (f *fakeDapr) answer() error {
	if f.mute {
		return errNoAnswer
	}
	return nil
}

type value struct{ text, etag string }

func newFake() *fakeDapr { return &fakeDapr{values: make(map[string]value)} }

func (f *fakeDapr) GetStateWithConsistency(_ context.Context, _, key string, _ map[string]string, _ client.StateConsistency) (*client.StateItem, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &client.StateItem{Key: key, Value: []byte(f.values[key].text), Etag: f.values[key].etag}, f.answer()
}

func (f *fakeDapr) SaveBulkState(_ context.Context, _ string, items ...*client.SetStateItem) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, item := range items {
		etag := ""
		if item.Etag != nil {
			etag = item.Etag.Value
		}
		if item.Options.Concurrency == client.StateConcurrencyFirstWrite && f.values[item.Key].etag != etag {
			return errors.New("possible etag mismatch")
		}
		f.put(item.Key, string(item.Value))
	}
	return f.answer()
}

func (f *fakeDapr) put(key, text string) {
	f.version++
	f.values[key] = value{text, strconv.Itoa(f.version)}
}

// set is what somebody else does to the store.
func (f *fakeDapr) set(change func(values map[string]value)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f.values)
}

func (f *fakeDapr) store() *checkpoint.Store { return checkpoint.NewStore(f, "checkpoints", lease) }

func position(key int32) event.Position {
	return event.Position{Key: key, Low: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
}

func acquire(t *testing.T, store *checkpoint.Store) (event.Position, bool) {
	t.Helper()
	for {
		got, found, err := store.Acquire(t.Context(), stream)
		if err == nil {
			return got, found
		}
		if !errors.Is(err, event.ErrHeld) {
			t.Fatal(err)
		}
		<-time.After(lease / 9)
	}
}

func save(t *testing.T, store *checkpoint.Store, key int32) {
	t.Helper()
	if err := store.Save(t.Context(), stream, position(key)); err != nil {
		t.Fatal(err)
	}
}

func TestTheStoreIsACheckpointStore(t *testing.T) {
	dapr := newFake()
	short := 200 * time.Millisecond
	relaytest.CheckpointSuite(t, uuid.NewString(), short, func() relay.Checkpoints { return checkpoint.NewStore(dapr, "checkpoints", short) })
}

func TestADamagedRecordIsKeptAndWhoDeletesItDecides(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":                 `{torn`,
		"no record":               `{"version":7}`,
		"a position that is none": `{"version":1,"owner":"","epoch":3,"write":1,"position":{"recent":"A"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dapr := newFake()
				store := dapr.store()
				acquire(t, store)
				save(t, store, 5)
				dapr.put(record, text)
				for range 3 {
					var damaged *event.DamagedError
					if _, _, err := store.Acquire(t.Context(), stream); !errors.As(err, &damaged) || !errors.Is(err, event.ErrDamaged) || damaged.Copy == "" {
						t.Fatalf("%v", err)
					} else if kept := dapr.values[damaged.Copy].text; !strings.Contains(text, kept) || kept == "" {
						t.Errorf("kept is %q", kept)
					}
				}
				if dapr.values[record].text != text {
					t.Error("it was overwritten")
				}
				dapr.set(func(values map[string]value) { delete(values, record) })
				if got, found := acquire(t, store); found {
					t.Errorf("deleted, it begins at %d and not anew", got.Key)
				}
			})
		})
	}
}

func TestARecordThatIsGoneIsWrittenAgainByItsOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dapr := newFake()
		store := dapr.store()
		acquire(t, store)
		save(t, store, 5)
		dapr.set(func(values map[string]value) { clear(values) })
		save(t, store, 6)
		if got, found := acquire(t, dapr.store()); !found || got.Key != 6 {
			t.Errorf("the position is %d, %v", got.Key, found)
		}
	})
}

// Nor does one that has stood by take it from where it had left off when it was the owner.
func TestWhoStoodByGoesOnFromTheLastPositionThatItSaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dapr := newFake()
		first, second := dapr.store(), dapr.store()
		acquire(t, first)
		save(t, first, 5)
		acquire(t, second) // after the lease of the first, which does not know
		save(t, second, 9)
		if err := first.Look(t.Context(), stream); !errors.Is(err, event.ErrHeld) {
			t.Fatal(err)
		}
		dapr.set(func(values map[string]value) { clear(values) })
		if _, _, err := first.Acquire(t.Context(), stream); !errors.Is(err, event.ErrHeld) {
			t.Errorf("it does not wait for the lease of the owner: %v", err)
		}
		if got, found := acquire(t, first); !found || got.Key != 9 {
			t.Errorf("the position is %d, %v", got.Key, found)
		}
	})
}

// A write that came through must not be taken for the next one: the relay would go on from a position that is not stored.
func TestAPositionIsStoredAlsoAfterOneWhoseAnswerWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dapr := newFake()
		store := dapr.store()
		acquire(t, store)
		save(t, store, 5)
		for range 2 {
			dapr.setMute(true)
			if err := store.Save(t.Context(), stream, position(6)); !errors.Is(err, errNoAnswer) {
				t.Fatal(err)
			}
			dapr.setMute(false)
			save(t, store, 7)
			if got, found := acquire(t, dapr.store()); !found || got.Key != 7 {
				t.Errorf("the position is %d, %v", got.Key, found)
			}
			acquire(t, store)
		}
	})
}

func TestAStreamIsGivenBackWithThePositionWhoseAnswerWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dapr := newFake()
		store := dapr.store()
		acquire(t, store)
		save(t, store, 5)
		dapr.setMute(true)
		if err := store.Save(t.Context(), stream, position(6)); !errors.Is(err, errNoAnswer) {
			t.Fatal(err)
		}
		dapr.setMute(false)
		if err := store.Release(t.Context(), stream); err != nil {
			t.Fatal(err)
		}
		if got, found, err := dapr.store().Acquire(t.Context(), stream); err != nil || !found || got.Key != 6 {
			t.Errorf("the position is %d, %v, %v", got.Key, found, err)
		}
	})
}

func TestRenewingWithoutAPositionForgetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dapr := newFake()
		store := dapr.store()
		acquire(t, store)
		save(t, store, 5)
		if err := store.Renew(t.Context(), stream); err != nil {
			t.Fatal(err)
		}
		if _, found := acquire(t, dapr.store()); found {
			t.Error("a position is stored")
		}
	})
}

func TestMembersAreThoseThatHaveBeatenWithinALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dapr := newFake()
		first, second := dapr.store().Members(), dapr.store().Members()
		meet := func(m *checkpoint.Members, able, want int) {
			t.Helper()
			if all, err := m.Meet(t.Context(), able); err != nil || len(all) != want {
				t.Errorf("%v, %v, want %d members", all, err, want)
			}
		}
		meet(first, 3, 1)
		meet(second, 4, 2)
		for range 20 { // the second is dead
			<-time.After(time.Second)
			_, _ = first.Meet(t.Context(), 3)
		}
		meet(first, 3, 1)
		meet(second, 4, 2)
		dapr.put("vcrelay/members", "{torn")
		meet(first, 3, 1)
		meet(second, 4, 2)
		if err := second.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		meet(first, 3, 1)
	})
}

func TestTheVcenterThatAnsweredBeforeIsKnown(t *testing.T) {
	dapr := newFake()
	for _, c := range []struct{ uuid, before string }{{"a", ""}, {"a", ""}, {"b", "a"}, {"b", "a"}, {"c", "b"}} {
		if before, err := dapr.store().Identify(t.Context(), "vc.example.com", c.uuid); err != nil || before != c.before {
			t.Errorf("%s: before it %q, %v, want %q", c.uuid, before, err, c.before)
		}
	}
	if n := len(maps.Clone(dapr.values)); n != 1 {
		t.Errorf("%d records", n)
	}
}
