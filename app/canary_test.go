package main

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
)

// component is a target that can be down.
type component struct {
	down atomic.Bool
	ids  []string
}

func (c *component) Publish(_ context.Context, events []event.Event) error {
	if c.down.Load() {
		return errors.New("connection closed")
	}
	c.ids = append(c.ids, events[0].ID())
	return nil
}

func TestACanaryShowsAComponentThatIsDeadAndHasTheSidecarRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var restarts atomic.Int32
		var dead component
		birds := newCanary(func(context.Context) error { restarts.Add(1); dead.down.Store(false); return nil }, zerolog.Nop())
		birds.use(map[string]publisher{"events": &dead})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); birds.run(ctx) }()
		<-time.After(50 * time.Second)
		if err := birds.Err(); err != nil || len(dead.ids) != 3 || len(slices.Compact(dead.ids)) != 3 {
			t.Errorf("%v after a minute, canaries %q", err, dead.ids)
		}
		dead.down.Store(true)
		<-time.After(time.Minute)
		if birds.Err() == nil || restarts.Load() > 0 {
			t.Errorf("a minute after the component died: %v, %d restarts", birds.Err(), restarts.Load())
		}
		<-time.After(3 * time.Minute)
		if birds.Err() != nil || restarts.Load() != 1 {
			t.Errorf("four minutes after the component died: %v, %d restarts", birds.Err(), restarts.Load())
		}
		dead.down.Store(true)
		<-time.After(time.Minute)
		birds.use(nil)
		if err := birds.Err(); err != nil {
			t.Errorf("of a component that no route uses any more: %v", err)
		}
		stop()
		<-ended
	})
}
