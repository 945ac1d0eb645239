package local

import (
	"sync"
	"time"

	"github.com/vcrelay/vcrelay/app/local/process"
)

// A process that was never ready and ends this often within this time cannot be helped by starting it again: a
// setting is wrong.
const (
	startLimitBurst    = 3
	startLimitInterval = 30 * time.Second
	soon               = 5 * time.Second
)

// startLimit counts the exits of a process before it was ready for the first time.
type startLimit struct {
	mu     sync.Mutex
	ready  bool
	proven bool // it was ready and ran for a while: its settings are right, and what it lacks may come back
	exits  []time.Time
}

func (l *startLimit) markReady() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready = true
}

// reached notes an exit and reports whether to give up. A process that ended by its own fault soon after its start was
// never ready, whatever it said: daprd answers that its components are ready for a moment before it finds one that it
// cannot make.
func (l *startLimit) reached(now time.Time, p *process.Process) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proven = l.proven || l.ready && p.Age() >= soon
	if l.proven || l.ready && p.ExitCode() <= 0 {
		return false
	}
	l.exits = append(l.exits, now)
	first := len(l.exits) - startLimitBurst
	return first >= 0 && now.Sub(l.exits[first]) <= startLimitInterval
}
