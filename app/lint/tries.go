package lint

import (
	"strconv"
	"time"
)

// What Dapr takes where a retry policy says nothing (retry of dapr/kit).
const (
	defaultPause   = 5 * time.Second
	firstPause     = 500 * time.Millisecond
	longestPause   = time.Minute
	pauseGrowth    = 1.5
	pauseDeviation = 1.5
)

// inbound is the policy that a Resiliency names for what a component delivers.
type inbound struct {
	policy  *resource // nil where there is none
	retry   string    // names of policies
	timeout string
}

// inbound returns the policy for a component: the one that names it, else the defaults, which are known by their names. A Resiliency
// that is not the first document of its file does not count.
func (s *set) inbound(component string) inbound {
	for i := range s.policies {
		path := []string{"spec", "targets", "components", component}
		if p := &s.policies[i]; p.first && p.under(path...) != nil {
			path = append(path, "inbound")
			return inbound{policy: p, retry: p.text(append(path, "retry")...), timeout: p.text(append(path, "timeout")...)}
		}
	}
	for i := range s.policies {
		p := &s.policies[i]
		in := inbound{policy: p, retry: p.byDefault("retries", "Retry"), timeout: p.byDefault("timeouts", "Timeout")}
		if p.first && (in.retry != "" || in.timeout != "") {
			return in
		}
	}
	return inbound{}
}

// byDefault is the policy of a list that holds where a component is not named (pkg/resiliency of Dapr).
func (r *resource) byDefault(list, kind string) string {
	for _, scope := range []string{"PubsubComponentInbound", "ComponentInbound", "Component", ""} {
		if name := "Default" + scope + kind + "Policy"; r.under("spec", "policies", list, name) != nil {
			return name
		}
	}
	return ""
}

// retries is how often an event is tried again, and whether that has an end.
func (i inbound) retries() (n int, ends bool) {
	if i.retry == "" {
		return 0, true
	}
	n, err := strconv.Atoi(i.policy.text("spec", "policies", "retries", i.retry, "maxRetries"))
	return n, err == nil && n >= 0
}

// longest is how long all tries of an event can take, and whether that is known.
func (i inbound) longest() (time.Duration, bool) {
	if i.policy == nil {
		return 0, false
	}
	limit, err := policyTime(i.policy.text("spec", "policies", "timeouts", i.timeout))
	retries, ends := i.retries()
	if err != nil || !ends {
		return 0, false
	}
	total := limit
	for n := range retries {
		total += i.pause(n) + limit
	}
	return total, true
}

// pause is the longest pause before the retry n, counted from 0.
func (i inbound) pause(n int) time.Duration {
	at := []string{"spec", "policies", "retries", i.retry}
	if i.policy.text(append(at, "policy")...) != "exponential" {
		return parsed(i.policy.text(append(at, "duration")...), defaultPause)
	}
	pause := float64(firstPause)
	for range n {
		pause *= pauseGrowth
	}
	most := parsed(i.policy.text(append(at, "maxInterval")...), longestPause)
	return time.Duration(min(pause, float64(most)) * pauseDeviation)
}

func parsed(text string, otherwise time.Duration) time.Duration {
	if d, err := policyTime(text); err == nil {
		return d
	}
	return otherwise
}

// policyTime is a time of a Resiliency: a bare number is of milliseconds (parseDuration in pkg/resiliency of Dapr).
func policyTime(text string) (time.Duration, error) {
	if n, err := strconv.Atoi(text); err == nil {
		return time.Duration(n) * time.Millisecond, nil
	}
	return time.ParseDuration(text)
}

// shorterThanTries finds a setting that is a time, a bare number of it in units, shorter than all tries of an event.
func shorterThanTries(key, otherwise string, unit time.Duration) func(*set, *component) []hit {
	return func(s *set, c *component) []hit {
		v := c.value(key, otherwise)
		longest, known := s.inbound(c.name).longest()
		if d, ok := v.duration(unit); known && ok && d < longest {
			return []hit{{at: v.at, what: v.what() + ", and all tries of an event may take " + longest.String()}}
		}
		return nil
	}
}
