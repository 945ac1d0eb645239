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

	Profile  event.Profile // how events are laid out
	Order    event.Order
	Native   bool          // the target stores the events of a request in their order
	Batch    int           // the most events in one request; 0 for maxBatchEvents, or for one where only that keeps the order
	Requests int           // the most requests on their way at a time; 0 for maxRequests
	Window   int           // the most events ahead of the stored position: so many a crash may repeat; 0 for windowSize
	Lease    time.Duration // after so long without a save another relay may take the stream; 0 for never
	MaxBytes int           // data of an event that is larger is trimmed to so many; 0 for none

	Shares *Shares       // spreads streams over replicas; nil for this one
	Origin *event.Origin // the vCenter, for announcements of the stream itself; nil for none

	// Idle frees what only the owner of the stream needs, when it begins to stand by; nil for nothing.
	Idle func(ctx context.Context)

	// Filter says which events are wanted; nil for all. Of one that it cannot judge it says why, and that it is wanted.
	Filter func(e *event.Event) (wanted bool, err error)

	// Heal makes the way to the target anew when nothing was taken for minutes; nil for never.
	Heal func(ctx context.Context) error

	// Jitter draws a duration below limit, to spread retries; nil draws at random. A simulation draws from its seed.
	Jitter func(limit time.Duration) time.Duration
}

// relay reads and publishes until ctx ends or the stream is fenced.
func (s *Stream) relay(ctx, working context.Context, position *event.Position, acquired time.Time) error {
	pages, next := make(chan event.Page), make(chan struct{}, 1)
	reading, stopReading := context.WithCancel(ctx)
	read := make(chan error, 1)
	go func() {
		defer stopReading() // where it ends by itself, the rest ends with it
		read <- s.readAll(reading, working, position.Clone(), pages, next)
	}()
	sending, stopSending := context.WithCancel(working)
	d := newDelivery(s, position, acquired)
	err := d.run(reading, sending, pages, next)
	stopReading()
	stopSending()
	if ended := <-read; errors.Is(ended, event.ErrReplaced) {
		err = ended
	}
	d.beside.Wait()
	return err
}

// readAll hands pages on, one at a time, until ctx ends or another vCenter answers. What was handed on is done for the reader: it
// is kept until the target has it.
func (s *Stream) readAll(ctx, working context.Context, position event.Position, pages chan<- event.Page, next <-chan struct{}) error {
	var reader Reader
	defer func() { closeReader(working, reader) }()
	if !s.announceStart(ctx, &position, pages, next) {
		return ctx.Err()
	}
	for {
		var page event.Page
		err := s.retry(ctx, partSource, func() (err error) {
			page, err = s.read(ctx, working, &reader, &position)
			return err
		})
		if err != nil {
			return err
		}
		for i := range page.Events {
			position.Advance(&page.Events[i])
		}
		position.Complete(&page)
		if !hand(ctx, page, pages, next) {
			return ctx.Err()
		}
	}
}

// hand hands a page on and waits until nothing of it is needed any more; false when ctx has ended.
func hand(ctx context.Context, page event.Page, pages chan<- event.Page, next <-chan struct{}) bool {
	select {
	case pages <- page:
	case <-ctx.Done():
		return false
	}
	select {
	case <-next:
		return true
	case <-ctx.Done():
		return false
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

// wants tells whether an event is to be published. Announcements always are.
func (s *Stream) wants(e *event.Event) bool {
	if s.Filter == nil || e.IsAnnouncement() {
		return true
	}
	wanted, err := s.Filter(e)
	if err != nil {
		s.Observer.inDoubt()
		s.Log.Debug().Err(err).Str("id", e.ID()).Msg("the filter cannot judge an event, which is relayed")
	}
	if !wanted {
		s.Observer.passed()
	}
	return wanted
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

// requests is how many requests may be on their way at a time.
func (s *Stream) requests() int {
	if s.Requests > 0 {
		return s.Requests
	}
	return maxRequests
}

// partitioned tells whether a part of the target may be away: it keeps order itself, by keys of which there are several.
func (s *Stream) partitioned() bool { return s.Native && s.Order != event.OrderStrict }

// patience is how often an event is refused alone, while others are taken, before it is set aside.
func (s *Stream) patience() int {
	if s.partitioned() {
		return failsOfOne
	}
	return failsToGiveUp
}

// ahead is how many events may be ahead of the stored position.
func (s *Stream) ahead() int {
	if s.Window > 0 {
		return s.Window
	}
	return windowSize
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
