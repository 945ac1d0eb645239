package relay

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 10 * time.Second
)

// retry calls attempt until it succeeds, until its error is final (fenced, damaged, replaced), or until ctx ends, and then returns
// what attempt or ctx said. It logs one line when an outage of part begins and one when it ends.
func (s *Stream) retry(ctx context.Context, part string, attempt func() error) error {
	began := time.Now()
	for tries := 0; ; tries++ {
		err := attempt()
		switch {
		case err == nil:
			s.healed(part, tries, time.Since(began))
			return nil
		case errors.Is(err, event.ErrHeld):
			s.healed(part, tries, time.Since(began))
			return err
		case errors.Is(err, event.ErrFenced), errors.Is(err, event.ErrDamaged), errors.Is(err, event.ErrReplaced):
			s.Observer.failed(part, err)
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		s.Observer.failed(part, err)
		if tries == 0 {
			s.Log.Warn().Err(err).Str("part", part).Msg("not available, trying until it is")
		} else {
			s.Log.Debug().Err(err).Str("part", part).Int("tries", tries+1).Msg("still not available")
		}
		if err := wait(ctx, s.delay(tries)); err != nil {
			return err
		}
	}
}

func (s *Stream) healed(part string, tries int, outage time.Duration) {
	s.Observer.succeeded(part)
	if tries > 0 {
		s.Log.Info().Str("part", part).Int("tries", tries+1).Dur("outage", outage).Msg("available again")
	}
}

// delay doubles from firstDelay to maxDelay, and spreads by half so that many streams do not come back in step.
func (s *Stream) delay(tries int) time.Duration {
	full := maxDelay
	if tries < 7 {
		full = min(firstDelay<<tries, maxDelay)
	}
	if s.Jitter != nil {
		return full/2 + s.Jitter(full/2)
	}
	return full/2 + rand.N(full/2) //nolint:gosec // spreads load, guards nothing
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
