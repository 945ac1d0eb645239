package relay

import (
	"context"
	"errors"
	"time"

	"github.com/vcrelay/vcrelay/app/event"
)

// complaint is how often it is logged that a stream waits for a decision.
const complaint = time.Minute

// damage is what was told of a stored position that cannot be read.
type damage struct {
	digest    string
	logged    time.Time
	announced bool
}

// tell says in the log and on the topic that the stored position cannot be read. The stream waits until somebody has put it
// right, or deleted it, so that it begins anew.
func (s *Stream) tell(ctx context.Context, told *damage, err error) {
	var damaged *event.DamagedError
	if !errors.As(err, &damaged) {
		damaged = &event.DamagedError{Err: err}
	}
	if damaged.Digest != told.digest {
		*told = damage{digest: damaged.Digest}
	}
	if told.logged.IsZero() || time.Since(told.logged) >= complaint {
		told.logged = time.Now()
		s.Log.Error().Err(err).Str("copy", damaged.Copy).
			Msg("the stream waits: put its stored position right, or delete it to begin at VCRELAY_START and lose what lies between")
	}
	if told.announced || s.Origin == nil {
		return
	}
	announcement := damaged.Announce(s.Origin, s.ID)
	if err := s.Publisher.Publish(ctx, []event.Event{announcement}); err != nil {
		s.Log.Debug().Err(err).Msg("the damage is not announced yet")
		return
	}
	told.announced = true
}
