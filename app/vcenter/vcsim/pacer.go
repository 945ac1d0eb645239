package vcsim

import "time"

// minPause bounds how often the workload wakes up; above 1/minPause events a second come in small groups.
const minPause = 10 * time.Millisecond

// pacer keeps an average rate exactly, whatever the pauses between its calls.
type pacer struct {
	rate  float64 // per second
	since time.Time
	done  int64 // since that moment
}

// due returns how many are to be done now, and counts them as done.
func (p *pacer) due(now time.Time) int64 {
	total := int64(now.Sub(p.since).Seconds() * p.rate)
	n := max(total-p.done, 0)
	p.done += n
	return n
}

// pause is the time until the next is due, at least minPause. Rate must not be 0.
func (p *pacer) pause(now time.Time) time.Duration {
	next := time.Duration(float64(p.done+1) / p.rate * float64(time.Second))
	// Rounded up to the next nanosecond: a float just short of due would cost a wake-up for nothing.
	return max(p.since.Add(next+1).Sub(now), minPause)
}
