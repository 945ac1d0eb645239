package event

import (
	"fmt"
	"strings"
	"time"
)

// Start is where the very first start of a stream begins; where a checkpoint exists it has no say. The zero Start is
// "now".
type Start struct {
	oldest bool
	at     time.Time
	back   time.Duration
}

// ParseStart reads `now`, `oldest`, a negative duration such as `-2h`, or a time in RFC 3339.
func ParseStart(text string) (Start, error) {
	switch {
	case text == "" || text == "now":
		return Start{}, nil
	case text == "oldest":
		return Start{oldest: true}, nil
	case strings.HasPrefix(text, "-"):
		back, err := time.ParseDuration(text[1:])
		if err != nil || back < 0 {
			return Start{}, fmt.Errorf("parse %q: a duration before now looks like -2h or -30m", text)
		}
		return Start{back: back}, nil
	default:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return Start{}, fmt.Errorf("parse %q: use now, oldest, a duration such as -2h, or a time such as 2006-01-02T15:04:05Z", text)
		}
		return Start{at: at}, nil
	}
}

// Position is the position that the start stands for when vCenter's own clock shows now. Nothing before it is wanted, so
// until there history is settled.
func (s Start) Position(now time.Time) Position {
	switch {
	case s.oldest:
		return Position{Settled: time.Unix(0, 0).UTC()}
	case !s.at.IsZero():
		return Position{Start: s.at.UTC(), Settled: s.at.UTC()}
	default:
		start := now.Add(-s.back).UTC()
		return Position{Start: start, Settled: start}
	}
}
