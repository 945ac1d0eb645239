package simulation

import (
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation/judge"
)

// trouble is what goes wrong: how often each fault still has to strike, how often it has, and when nobody can expect the
// relay to deliver. It is safe for concurrent use.
type trouble struct {
	began time.Time
	log   zerolog.Logger

	mu     sync.Mutex
	armed  map[string]int
	struck map[string]int
	spans  []judge.Span
}

func newTrouble(log zerolog.Logger) *trouble {
	return &trouble{began: time.Now(), log: log, armed: make(map[string]int), struck: make(map[string]int)}
}

// arm has a fault strike the next n times that it can.
func (t *trouble) arm(name string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.armed[name] += n
}

// disarm has nothing strike any more.
func (t *trouble) disarm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.armed)
}

// take tells whether a fault strikes now.
func (t *trouble) take(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.armed[name] == 0 {
		return false
	}
	t.armed[name]--
	t.count(name)
	return true
}

// strike counts a fault that strikes.
func (t *trouble) strike(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count(name)
}

func (t *trouble) count(name string) {
	t.struck[name]++
	t.log.Info().Msg("SIMULATION: " + name)
}

// lasts notes that delivery cannot be expected for a while from now on.
func (t *trouble) lasts(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	begin := time.Since(t.began)
	t.spans = append(t.spans, judge.Span{Begin: begin, End: begin + d})
}

func (t *trouble) total() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, times := range t.struck {
		n += times
	}
	return n
}
