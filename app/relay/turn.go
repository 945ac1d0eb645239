package relay

import (
	"context"
	"errors"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// looksInALease is how often who stands by looks at the lease while it lasts.
const looksInALease = 9

// orphanLeases is for how many leases nobody takes a stream that is free, until a replica takes it that has its share.
const orphanLeases = 2

// Run relays until ctx ends, and then finishes what is on its way, saves and returns nil. It retries whatever can heal for
// ever. While another relay has the stream, when one takes it over, or when it is another one's turn, it stands by.
func (s *Stream) Run(ctx context.Context) error {
	working, stop := lingering(ctx, drainTime)
	defer stop()
	defer s.Shares.join()()
	for ctx.Err() == nil {
		had, began, err := s.standBy(ctx, working)
		if err == nil {
			err = s.turn(ctx, working, had, began)
		}
		had.seat.free()
		switch {
		case errors.Is(err, event.ErrFenced):
			s.Log.Warn().Err(err).Msg("standing by")
		case errors.Is(err, event.ErrDamaged): // standBy says so
		case err != nil:
			return ignoreCancelled(ctx, err)
		}
	}
	return nil
}

// turn relays until it is another replica's turn, until the stream is fenced, or until ctx ends.
func (s *Stream) turn(ctx, working context.Context, had holding, began time.Time) error {
	turn, giveBack := context.WithCancel(ctx)
	defer giveBack()
	had.seat.use(giveBack)
	sending, stop := lingering(turn, drainTime)
	defer stop()
	s.Observer.owns(true)
	position, err := s.begin(turn, sending, had)
	if err == nil {
		err = s.relay(turn, sending, &position, began)
	}
	if errors.Is(err, event.ErrFenced) || errors.Is(err, event.ErrDamaged) {
		return err
	}
	if released := s.Checkpoints.Release(working, s.ID); released != nil {
		s.Log.Warn().Err(released).Msg("stream not given back")
	}
	if ctx.Err() != nil || !errors.Is(err, context.Canceled) {
		return err
	}
	s.Log.Info().Msg("given back: it is another replica's turn")
	return nil
}

// holding is a stream that was acquired.
type holding struct {
	seat     *seat
	position event.Position
	found    bool
}

// standBy waits until the stream can be acquired. It returns when it began to, which is when the lease begins or a little before.
func (s *Stream) standBy(ctx, working context.Context) (had holding, began time.Time, err error) {
	began = time.Now()
	if had, err = s.acquire(ctx, working, false); err == nil && had.seat != nil {
		return had, began, nil
	}
	var free time.Time // since when nobody has the stream
	var damage damage
	for first := true; ; first = false {
		began = time.Now()
		err = s.retry(ctx, partStore, func() error { return s.Checkpoints.Look(working, s.ID) })
		if err == nil {
			had, err = s.acquire(ctx, working, !free.IsZero() && time.Since(free) >= orphanLeases*s.Lease)
		}
		if err == nil && had.seat != nil {
			return had, began, nil
		}
		switch {
		case errors.Is(err, event.ErrDamaged):
			s.tell(working, &damage, err)
		case err != nil && !errors.Is(err, event.ErrHeld):
			return had, began, err
		case err != nil:
			free = time.Time{}
		case free.IsZero():
			free = time.Now()
		}
		if first {
			s.idle(working, err)
		}
		if err := wait(ctx, max(s.Lease/looksInALease, firstDelay)); err != nil {
			return had, began, err
		}
	}
}

// acquire takes the stream, if there is a seat. Who stands by asks for one only when nobody has the stream: with one seat left, all
// the streams that others have would stand in the way of the one that is free.
func (s *Stream) acquire(ctx, working context.Context, spare bool) (had holding, err error) {
	if had.seat = s.Shares.take(spare); had.seat == nil {
		return had, nil
	}
	err = s.retry(ctx, partStore, func() (err error) {
		had.position, had.found, err = s.Checkpoints.Acquire(working, s.ID)
		return err
	})
	if err != nil {
		had.seat.free()
		return holding{}, err
	}
	return had, nil
}

func (s *Stream) idle(working context.Context, reason error) {
	s.Log.Info().AnErr("reason", reason).Msg("standing by")
	s.Observer.owns(false)
	if s.Idle != nil {
		s.Idle(working)
	}
}

// begin returns the position to go on from. The first one is stored before any event is read: a crash between the first start and
// the first checkpoint would otherwise begin at a later "now" and skip what lies between.
func (s *Stream) begin(ctx, working context.Context, had holding) (event.Position, error) {
	position := had.position
	if had.found {
		s.Log.Info().Time("low", position.Low).Int32("key", position.Key).Int("epoch", position.Epoch).Msg("resuming")
		return position, nil
	}
	if err := s.retry(ctx, partSource, func() (err error) { position, err = s.Begin(working); return err }); err != nil {
		return position, err
	}
	s.Log.Info().Time("start", position.Start).Msg("first start")
	return position, s.save(ctx, working, position)
}

// announceStart hands the announcement of the first start on, which is told before anything else.
func (s *Stream) announceStart(ctx context.Context, position *event.Position, pages chan<- event.Page, next <-chan struct{}) bool {
	if position.Started == nil || s.Origin == nil {
		return true
	}
	gap := *position.Started
	gap.Kind = event.KindStarted // which is not stored
	started, err := gap.Announce(s.Origin)
	if err != nil { // a time that JSON does not know
		s.Log.Error().Err(err).Msg("the first start cannot be announced")
		return true
	}
	position.Advance(&started)
	return hand(ctx, event.Page{Events: []event.Event{started}, Clock: position.Clock}, pages, next)
}
