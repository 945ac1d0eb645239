package local

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// A process that was never ready and ends this often within this time cannot be helped by starting it again: a
// setting is wrong.
const (
	infantDeaths = 3
	infantTime   = 30 * time.Second
	infantLife   = 5 * time.Second
)

// infancy counts the endings of a process before it was ready for the first time.
type infancy struct {
	mu     sync.Mutex
	grown  bool
	deaths []time.Time
}

func (i *infancy) grow() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.grown = true
}

// died reports whether to give up. A process that ended by its own fault soon after its start was never grown, whatever
// it said: daprd answers that its components are ready for a moment before it finds one that it cannot make.
func (i *infancy) died(now time.Time, c *child) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.grown && (c.code() <= 0 || c.lived() >= infantLife) {
		return false
	}
	i.deaths = append(i.deaths, now)
	recent := len(i.deaths) - infantDeaths
	return recent >= 0 && now.Sub(i.deaths[recent]) <= infantTime
}

// reason is the one line that says best why a process ended: its last fatal line, else its last error, else its last.
func reason(lines []string) string {
	best, rank := "it said nothing", 0
	for _, line := range lines {
		r := 1
		switch {
		case strings.Contains(line, "level=fatal"), strings.HasPrefix(line, "panic: "):
			r = 3
		case strings.Contains(line, "level=error"):
			r = 2
		}
		if r >= rank && strings.TrimSpace(line) != "" {
			best, rank = line, r
		}
	}
	return plain(message(best))
}

// message is the msg field of a daprd log line, or the line itself.
func message(line string) string {
	_, rest, found := strings.Cut(line, "msg=")
	if !found {
		return strings.TrimSpace(line)
	}
	if quoted, err := strconv.QuotedPrefix(rest); err == nil {
		if text, err := strconv.Unquote(quoted); err == nil {
			return strings.Join(strings.Fields(text), " ")
		}
	}
	word, _, _ := strings.Cut(rest, " ")
	return word
}
