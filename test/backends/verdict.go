package backends

import (
	"fmt"
	"time"
)

// RecoveryGoal is within what time delivery goes on after a fault is over. Machines are slow at times: it is printed, and a
// certification fails at RecoveryLimit.
const (
	RecoveryGoal  = 30 * time.Second
	RecoveryLimit = 90 * time.Second
)

// mostTwice is what a fault may repeat: the window of the relay that it strikes, and that of the one that takes over.
const mostTwice = 2 * 200

// Verdict says what of a result a backend does not promise; nothing when all is well.
func (b *Backend) Verdict(r *Result) (faults []string) {
	add := func(format string, arguments ...any) { faults = append(faults, fmt.Sprintf(format, arguments...)) }
	for _, p := range r.Phases {
		if p.Lost > 0 && (b.Loses[p.Name] == "" || p.Delivered == 0) {
			add("%s: %d of %d events are lost", p.Name, p.Lost, p.Created)
		}
		if p.Aside > 0 {
			add("%s: %d events are dead letters that the function did not refuse", p.Name, p.Aside)
		}
		if p.Twice > mostTwice {
			add("%s: %d events came again, which is more than two windows of the relay", p.Name, p.Twice)
		}
		if p.Again == nil || *p.Again > RecoveryLimit.Seconds() {
			add("%s: nothing arrived within %s", p.Name, RecoveryLimit)
		}
		if p.Acked != nil && *p.Acked > RecoveryLimit.Seconds() {
			add("%s: nothing was acknowledged within %s", p.Name, RecoveryLimit)
		}
	}
	if r.Letters != r.Refused {
		add("%d of %d refused events are among the dead letters", r.Letters, r.Refused)
	}
	if r.Foreign > 0 {
		add("%d events arrived under ids that the vCenter does not have", r.Foreign)
	}
	if b.KeepsEntity && r.Order.BehindEntity > 0 {
		add("%d events arrived behind a later one of their entity", r.Order.BehindEntity)
	}
	if r.Order.Events == 0 {
		add("no event arrived in the quiet phase: nothing is known of the order")
	}
	if r.Largest.Lost > 0 {
		add("an event of %s was acknowledged and never arrived", size(r.Largest.Lost))
	}
	return faults
}
