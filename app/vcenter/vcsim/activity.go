package vcsim

import "time"

// activity is what a session does: how many calls are under way, and when the last one ended.
type activity struct {
	calls int
	last  time.Time
}

// busy notes that a session makes a call; what it returns notes that the call has ended.
func (t *sessionTable) busy(key string) func() {
	t.expire()
	t.note(key, 1)
	return func() { t.note(key, -1) }
}

func (t *sessionTable) note(key string, calls int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, known := t.activity[key]
	if !known {
		a = &activity{}
		t.activity[key] = a
	}
	a.calls += calls
	a.last = time.Now()
}

// setIdle ends sessions that make no call for that long; 0: such sessions go on.
func (t *sessionTable) setIdle(timeout time.Duration, struck func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle, t.expired = timeout, struck
}

// setLimit sets how many collectors a session may hold. Those that it has it keeps.
func (t *sessionTable) setLimit(collectors int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limit = collectors
}

func (t *sessionTable) maxCollector() int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int32(t.limit) //nolint:gosec // small
}

// expire ends the sessions that have been idle for too long.
func (t *sessionTable) expire() {
	for _, key := range t.idlers() {
		t.end(key)
	}
}

// idlers lists those sessions and notes them as ended.
func (t *sessionTable) idlers() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.idle == 0 {
		return nil
	}
	var keys []string
	for key := range t.holdings {
		a := t.activity[key]
		if _, ended := t.ended[key]; ended || a == nil || a.calls > 0 || time.Since(a.last) <= t.idle {
			continue
		}
		t.ended[key] = struct{}{}
		t.expired()
		keys = append(keys, key)
	}
	return keys
}
