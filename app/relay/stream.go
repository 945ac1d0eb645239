package relay

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/event"
)

// maxBatchEvents is where larger bulk requests stop paying: a batch of 1,000 is hardly faster through a sidecar.
const maxBatchEvents = 100

// maxBatchBytes keeps a bulk request well below the sidecar's default limit of 4 MiB for one gRPC message, with room
// for the attributes around the data.
const maxBatchBytes = 2 << 20

// The parts that a stream needs, as they are named in the log and by readiness.
const (
	partStore  = "checkpoint store"
	partSource = "vcenter"
	partTarget = "target"
)

// looksInALease is how often who stands by looks at the lease while it lasts.
const looksInALease = 9

// drainTime is what the requests on their way, the last save and the release get after the order to stop.
const drainTime = 5 * time.Second

// Stream relays the events of one vCenter to one target. The fields up to Log are required.
type Stream struct {
	ID          string // names the record in the checkpoint store; the same for every replica
	Source      Source
	Publisher   Publisher
	Checkpoints Checkpoints
	Begin       func(ctx context.Context) (event.Position, error) // where the very first start begins
	Observer    *Observer
	Log         zerolog.Logger

	Order    event.Order
	Native   bool          // the target stores the events of a request in their order
	Batch    int           // the most events in one request; 0 for maxBatchEvents, or for one where only that keeps the order
	Lease    time.Duration // after so long without a save another relay may take the stream; 0 for never
	MaxBytes int           // data of an event that is larger is trimmed to so many; 0 for none

	// Heal makes the way to the target anew when nothing was taken for minutes; nil for never.
	Heal func(ctx context.Context) error

	// Jitter draws a duration below limit, to spread retries; nil draws at random. A simulation draws from its seed.
	Jitter func(limit time.Duration) time.Duration
}

// Run relays until ctx ends, and then finishes what is on its way, saves and returns nil. It retries whatever can heal for
// ever. While another relay has the stream, or when one takes it over, it stands by. It returns event.ErrDamaged when the
// stored position cannot be read.
func (s *Stream) Run(ctx context.Context) error {
	working, stop := lingering(ctx, drainTime)
	defer stop()
	for {
		began := time.Now() // of the lease, or a little before
		position, err := s.acquire(ctx, working)
		if err != nil {
			return ignoreCancelled(ctx, err)
		}
		err = s.relay(ctx, working, &position, began)
		if errors.Is(err, event.ErrFenced) && ctx.Err() == nil {
			s.Log.Warn().Err(err).Msg("standing by")
			continue
		}
		if errors.Is(err, event.ErrFenced) {
			return nil
		}
		if err := s.Checkpoints.Release(working, s.ID); err != nil {
			s.Log.Warn().Err(err).Msg("stream not given back")
		}
		return ignoreCancelled(ctx, err)
	}
}

// acquire loads the position, or stores the first one before any event is read: a crash between the first start and the
// first checkpoint would otherwise begin at a later "now" and skip what lies between.
func (s *Stream) acquire(ctx, working context.Context) (event.Position, error) {
	var position event.Position
	var found bool
	standingBy := false
	for {
		err := s.retry(ctx, partStore, func() (err error) {
			position, found, err = s.Checkpoints.Acquire(working, s.ID)
			return err
		})
		if err == nil {
			break
		}
		if !errors.Is(err, event.ErrHeld) {
			return position, err
		}
		if !standingBy {
			s.Log.Info().Err(err).Msg("standing by until its lease ends")
			s.Observer.owns(false)
			standingBy = true
		}
		if err := wait(ctx, s.Lease/looksInALease); err != nil {
			return position, err
		}
	}
	s.Observer.owns(true)
	if found {
		s.Log.Info().Time("low", position.Low).Int32("key", position.Key).Int("epoch", position.Epoch).Msg("resuming")
		return position, nil
	}
	if err := s.retry(ctx, partSource, func() (err error) { position, err = s.Begin(working); return err }); err != nil {
		return position, err
	}
	s.Log.Info().Time("start", position.Start).Msg("first start")
	return position, s.save(ctx, working, position)
}

// relay reads and publishes until ctx ends or the stream is fenced.
func (s *Stream) relay(ctx, working context.Context, position *event.Position, acquired time.Time) error {
	pages, next := make(chan event.Page), make(chan struct{}, 1)
	reading, stopReading := context.WithCancel(ctx)
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.readAll(reading, working, position.Clone(), pages, next)
	}()
	sending, stopSending := context.WithCancel(working)
	d := newDelivery(s, position, acquired)
	err := d.run(ctx, sending, pages, next)
	stopReading()
	stopSending()
	<-read
	d.beside.Wait()
	return err
}

// readAll hands pages on, one at a time, until ctx ends. What was handed on is done for the reader: it is kept until the target
// has it.
func (s *Stream) readAll(ctx, working context.Context, position event.Position, pages chan<- event.Page, next <-chan struct{}) {
	var reader Reader
	defer func() { closeReader(working, reader) }()
	for {
		var page event.Page
		err := s.retry(ctx, partSource, func() (err error) {
			page, err = s.read(ctx, working, &reader, &position)
			return err
		})
		if err != nil {
			return // ctx has ended
		}
		for i := range page.Events {
			position.Advance(&page.Events[i])
		}
		position.Complete(&page)
		select {
		case pages <- page:
		case <-ctx.Done():
			return
		}
		select {
		case <-next:
		case <-ctx.Done():
			return
		}
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

// batch is how many events may be in a request.
func (s *Stream) batch() int {
	switch {
	case s.Batch > 0:
		return s.Batch
	case s.Order == event.OrderStrict && !s.Native:
		return 1
	default:
		return maxBatchEvents
	}
}

func (s *Stream) save(ctx, working context.Context, position event.Position) error {
	return s.retry(ctx, partStore, func() error {
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
