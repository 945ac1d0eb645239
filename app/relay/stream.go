package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
)

// drainTime is what a batch in flight, its checkpoint and the release get after the order to stop.
const drainTime = 5 * time.Second

// Stream relays the events of one vCenter to one target. All fields but Jitter are required.
type Stream struct {
	ID          string // names the record in the checkpoint store; the same for every replica
	Source      Source
	Publisher   Publisher
	Checkpoints Checkpoints
	Begin       func(ctx context.Context) (event.Position, error) // where the very first start begins
	Observer    *Observer
	Log         zerolog.Logger

	// Jitter draws a duration below limit, to spread retries; nil draws at random. A simulation draws from its seed.
	Jitter func(limit time.Duration) time.Duration
}

// Run relays until ctx ends, and then finishes the batch in flight, saves and returns nil. It retries whatever can heal
// for ever; it returns event.ErrFenced when another owner took the stream and event.ErrDamaged when the stored position
// cannot be read.
func (s *Stream) Run(ctx context.Context) error {
	working, stop := lingering(ctx, drainTime)
	defer stop()
	position, err := s.acquire(ctx, working)
	if err != nil {
		return ignoreCancelled(ctx, err)
	}
	err = s.relay(ctx, working, &position)
	if errors.Is(err, event.ErrFenced) {
		return fmt.Errorf("stream %s: %w", s.ID, err)
	}
	if err := s.Checkpoints.Release(working, s.ID); err != nil {
		s.Log.Warn().Err(err).Msg("stream not given back")
	}
	return ignoreCancelled(ctx, err)
}

// acquire loads the position, or stores the first one before any event is read: a crash between the first start and the
// first checkpoint would otherwise begin at a later "now" and skip what lies between.
func (s *Stream) acquire(ctx, working context.Context) (event.Position, error) {
	var position event.Position
	var found bool
	err := s.retry(ctx, "checkpoint store", func() (err error) {
		position, found, err = s.Checkpoints.Acquire(working, s.ID)
		return err
	})
	if err != nil {
		return position, err
	}
	if found {
		s.Log.Info().Time("low", position.Low).Int32("key", position.Key).Int("epoch", position.Epoch).Msg("resuming")
		return position, nil
	}
	if err := s.retry(ctx, "vcenter", func() (err error) { position, err = s.Begin(working); return err }); err != nil {
		return position, err
	}
	s.Log.Info().Time("start", position.Start).Msg("first start")
	return position, s.save(ctx, working, position)
}

// relay reads and publishes until ctx ends or the stream is fenced.
func (s *Stream) relay(ctx, working context.Context, position *event.Position) error {
	var reader Reader
	defer func() { closeReader(working, reader) }()
	for {
		var page event.Page
		err := s.retry(ctx, "vcenter", func() (err error) {
			page, err = s.read(ctx, working, &reader, position)
			return err
		})
		if err != nil {
			return err
		}
		for batch := range batches(page.Events) {
			if err := s.deliver(ctx, working, batch, position); err != nil {
				return err
			}
		}
		position.Complete(&page) // saved with the next batch: without one there is nothing that a crash could repeat
	}
}

// read reads the next page, with a new reader from the position when there is none or the last one has failed.
func (s *Stream) read(ctx, working context.Context, reader *Reader, position *event.Position) (event.Page, error) {
	if *reader == nil {
		opened, err := s.Source.Open(ctx, position.Clone())
		if err != nil {
			return event.Page{}, err
		}
		*reader = opened
	}
	page, err := (*reader).Next(ctx)
	if err != nil {
		closeReader(working, *reader)
		*reader = nil
		return event.Page{}, err
	}
	s.Observer.read(page.Events)
	return page, nil
}

// deliver publishes batch until the target has taken all of it, then moves and saves the position.
func (s *Stream) deliver(ctx, working context.Context, batch []event.Event, position *event.Position) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	started := time.Now()
	err := s.retry(ctx, "target", func() error {
		err := s.Publisher.Publish(working, batch)
		if err != nil {
			s.Observer.refused(batch)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range batch {
		position.Advance(&batch[i])
	}
	s.Observer.published(batch, time.Since(started))
	return s.save(ctx, working, *position)
}

func (s *Stream) save(ctx, working context.Context, position event.Position) error {
	return s.retry(ctx, "checkpoint store", func() error {
		err := s.Checkpoints.Save(working, s.ID, position)
		s.Observer.stored(err)
		return err
	})
}

func closeReader(ctx context.Context, reader Reader) {
	if reader != nil {
		reader.Close(ctx)
	}
}

// lingering returns a context for work that has begun: it ends grace after ctx does.
func lingering(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(working, func() { timer.Stop() })
	})
	return working, func() { stop(); cancel() }
}

// ignoreCancelled drops the error that only says that the stream was told to stop.
func ignoreCancelled(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx))) {
		return nil
	}
	return err
}
