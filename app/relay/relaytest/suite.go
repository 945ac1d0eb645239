package relaytest

import (
	"errors"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
)

// CheckpointSuite is what a relay relies on in a checkpoint store. owner returns the store as another process sees it;
// every stream that the suite names begins with prefix, which no earlier run on the same store has used. The lease of all
// owners is that.
func CheckpointSuite(t *testing.T, prefix string, lease time.Duration, owner func() relay.Checkpoints) {
	for name, check := range map[string]func(*testing.T, string, func() relay.Checkpoints){
		"a new stream has no position":                    newStreamHasNoPosition,
		"a saved position comes back whole":               savedPositionComesBack,
		"a stream is taken over with its position":        takenOverWithPosition,
		"an owner that was taken over can write no more":  fencedOwnerCannotWrite,
		"a stream that was given back keeps its position": releasedKeepsPosition,
		"who never acquired a stream cannot write to it":  strangerCannotWrite,
		"streams do not touch each other":                 streamsAreApart,
		"of many that acquire at once one can write":      oneOfManyCanWrite,
		"a lease that is renewed does not end": func(t *testing.T, stream string, owner func() relay.Checkpoints) {
			renewedLeaseLasts(t, stream, lease, owner)
		},
		"a lease that is not renewed ends": func(t *testing.T, stream string, owner func() relay.Checkpoints) {
			leaseEnds(t, stream, lease, owner)
		},
	} {
		t.Run(name, func(t *testing.T) { check(t, prefix+"/"+name, owner) })
	}
}

func renewedLeaseLasts(t *testing.T, stream string, lease time.Duration, owner func() relay.Checkpoints) {
	first, second := owner(), owner()
	acquire(t, first, stream)
	for key := range int32(15) {
		save(t, first, stream, positionAt(key+1))
		if _, _, err := second.Acquire(t.Context(), stream); !errors.Is(err, event.ErrHeld) {
			t.Fatalf("after %d renewals: %v", key+1, err)
		}
		<-time.After(lease / 5)
	}
}

func leaseEnds(t *testing.T, stream string, lease time.Duration, owner func() relay.Checkpoints) {
	first := owner()
	acquire(t, first, stream)
	save(t, first, stream, positionAt(1))
	held := time.Now()
	for range 2 { // each after the one before
		acquire(t, owner(), stream)
		if waited := time.Since(held); waited < lease {
			t.Errorf("taken after %s of a lease of %s", waited, lease)
		}
		held = time.Now()
	}
	if err := first.Save(t.Context(), stream, positionAt(2)); !errors.Is(err, event.ErrFenced) {
		t.Errorf("the old owner's save: %v", err)
	}
}

func newStreamHasNoPosition(t *testing.T, stream string, owner func() relay.Checkpoints) {
	if _, found, err := owner().Acquire(t.Context(), stream); err != nil || found {
		t.Errorf("found %v, error %v", found, err)
	}
	// Acquiring stores no position: who acquires next is at a first start as well.
	if position := acquire(t, owner(), stream); position.Key != 0 {
		t.Errorf("second time: %+v", position)
	}
}

func savedPositionComesBack(t *testing.T, stream string, owner func() relay.Checkpoints) {
	store := owner()
	acquire(t, store, stream)
	position := positionAt(1)
	for key := int32(2); key < 1000; key += 100 {
		advance(&position, key)
		save(t, store, stream, position)
	}
	got := acquire(t, owner(), stream)
	if got.Key != position.Key || !got.Low.Equal(position.Low) || got.Recent.Len() != position.Recent.Len() {
		t.Errorf("got %+v, saved %+v", got, position)
	}
}

func takenOverWithPosition(t *testing.T, stream string, owner func() relay.Checkpoints) {
	first, second := owner(), owner()
	acquire(t, first, stream)
	save(t, first, stream, positionAt(7))
	if got := acquire(t, second, stream); got.Key != 7 {
		t.Errorf("taken over at key %d, want 7", got.Key)
	}
	save(t, second, stream, positionAt(8))
}

func fencedOwnerCannotWrite(t *testing.T, stream string, owner func() relay.Checkpoints) {
	first, second := owner(), owner()
	acquire(t, first, stream)
	save(t, first, stream, positionAt(1))
	acquire(t, second, stream)
	save(t, second, stream, positionAt(5))
	for range 2 {
		if err := first.Save(t.Context(), stream, positionAt(2)); !errors.Is(err, event.ErrFenced) {
			t.Errorf("the old owner's save: %v", err)
		}
	}
	if err := first.Release(t.Context(), stream); !errors.Is(err, event.ErrFenced) {
		t.Errorf("the old owner's release: %v", err)
	}
	save(t, second, stream, positionAt(6))
	if got := acquire(t, owner(), stream); got.Key != 6 {
		t.Errorf("the position is at key %d, want 6", got.Key)
	}
}

func releasedKeepsPosition(t *testing.T, stream string, owner func() relay.Checkpoints) {
	store := owner()
	acquire(t, store, stream)
	save(t, store, stream, positionAt(3))
	if err := store.Release(t.Context(), stream); err != nil {
		t.Fatal(err)
	}
	if got := acquire(t, owner(), stream); got.Key != 3 {
		t.Errorf("the position is at key %d, want 3", got.Key)
	}
}

func strangerCannotWrite(t *testing.T, stream string, owner func() relay.Checkpoints) {
	if err := owner().Save(t.Context(), stream, positionAt(1)); !errors.Is(err, event.ErrFenced) {
		t.Errorf("save: %v", err)
	}
}

func streamsAreApart(t *testing.T, stream string, owner func() relay.Checkpoints) {
	store := owner()
	acquire(t, store, stream+"/a")
	acquire(t, store, stream+"/b")
	save(t, store, stream+"/a", positionAt(1))
	save(t, store, stream+"/b", positionAt(2))
	if got := acquire(t, owner(), stream+"/a"); got.Key != 1 {
		t.Errorf("position of a is at key %d", got.Key)
	}
	save(t, store, stream+"/b", positionAt(3))
}

func oneOfManyCanWrite(t *testing.T, stream string, owner func() relay.Checkpoints) {
	const many = 8
	results := make(chan error, many)
	for range many {
		go func() {
			store := owner()
			if _, _, err := store.Acquire(t.Context(), stream); err != nil {
				results <- err
				return
			}
			results <- store.Save(t.Context(), stream, positionAt(1))
		}()
	}
	wrote := 0
	for range many {
		if err := <-results; err == nil {
			wrote++
		} else if !errors.Is(err, event.ErrFenced) && !errors.Is(err, event.ErrHeld) {
			t.Errorf("who was not first got %v", err)
		}
	}
	if wrote == 0 {
		t.Error("nobody could write")
	}
}

var begin = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func positionAt(key int32) event.Position {
	var position event.Position
	advance(&position, key)
	return position
}

func advance(position *event.Position, key int32) {
	position.Advance(&event.Event{Origin: Origin, Key: key, Created: begin.Add(time.Duration(key) * time.Millisecond), Class: "VmPoweredOnEvent"})
}

func acquire(t *testing.T, store relay.Checkpoints, stream string) event.Position {
	t.Helper()
	for {
		position, _, err := store.Acquire(t.Context(), stream)
		if err == nil {
			return position
		}
		if !errors.Is(err, event.ErrHeld) {
			t.Fatal(err)
		}
		<-time.After(10 * time.Millisecond) // until the lease ends
	}
}

func save(t *testing.T, store relay.Checkpoints, stream string, position event.Position) {
	t.Helper()
	if err := store.Save(t.Context(), stream, position); err != nil {
		t.Fatal(err)
	}
}
