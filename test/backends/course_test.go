//go:build e2e

package backends_test

import (
	"time"

	"github.com/vcrelay/vcrelay/test/backends"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

// doubt is how long an event is waited for that ought to have come long ago.
const doubt = 20 * time.Second

// certify is the whole course: one relay, one workload, one fault after the other.
func (c *certification) certify() *backends.Result {
	c.prime()
	c.readBus()
	c.phase(backends.DownAtStart, c.downAtStart)
	c.settle()
	c.phase(backends.Quiet, c.burst)
	c.settle()
	if !c.Direct() {
		c.phase(backends.Replica, c.replicaDies)
	}
	c.phase(backends.BrokerStopped, c.brokerStops)
	c.phase(backends.BrokerKilled, c.brokerDies)
	c.phase(backends.SlowFunction, c.moody(slowness))
	if c.HTTP() {
		c.phase(backends.Failing500, c.moody("status 500"))
		c.phase(backends.Failing429, c.moody("status 429"))
		c.phase(backends.Hanging, c.moody("hang"))
	}
	if !c.Queue { // its dead letters are the queue's own
		c.phase(backends.FailingFunction, c.functionRefuses)
	}
	if c.Queue {
		c.phase(backends.ComponentKilled, c.kills(theComponent))
	}
	if !c.Direct() {
		c.phase(backends.FunctionSidecar, c.kills(theFunction+"/daprd"))
	}
	c.phase(backends.RelaySidecar, c.kills(theRelay+"/daprd"))
	c.phase(backends.RelayKilled, c.kills(theRelay))
	if c.Outage || !c.short {
		c.phase(backends.LongOutage, c.brokerAway)
	}
	c.phase(backends.QuietAgain, c.fill)
	c.settle()
	r := c.judge()
	if !c.dead {
		r.Largest = c.largest()
		c.stack.stop()
		if c.bus != nil {
			c.bus.retire()
		}
		r.Speed = c.speed()
	}
	return r
}

// phase injects a fault, which returns when all is there again and says since when, and waits until events that were created
// since its begin arrive.
func (c *certification) phase(name string, fault func() (back time.Time)) {
	c.t.Helper()
	if c.dead {
		return
	}
	span := backends.Span{Name: name, Began: time.Now()}
	if len(c.spans) == 0 {
		span.Began = time.Time{} // the whole history
	}
	c.spans = append(c.spans, span)
	before := teststack.ReadCounts(c.health).Events
	span.Back = fault()
	c.spans[len(c.spans)-1].Back = span.Back
	c.awaitAcknowledged(span, before)
	arrives := func() bool { return c.ledger.has(span.Began, span.Back) }
	arrived := teststack.Within(backends.RecoveryLimit, arrives)
	c.progress(name, arrived, time.Since(span.Back))
	if !arrived {
		c.help(name, arrives)
	}
	<-time.After(time.Second) // some of the workload
}

func (c *certification) progress(name string, arrived bool, after time.Duration) {
	what := "events arrive"
	if !arrived {
		what = "nothing has arrived"
	}
	show("%4.0f s  %s: %s, %.1f s after it", time.Since(c.began).Seconds(), name, what, after.Seconds())
}

// awaitAcknowledged waits for the relay after an outage of the broker.
func (c *certification) awaitAcknowledged(span backends.Span, before float64) {
	switch span.Name {
	case backends.DownAtStart, backends.BrokerStopped, backends.BrokerKilled, backends.LongOutage:
	default:
		return
	}
	if span.Name != backends.DownAtStart { // what was acknowledged before the fault struck is older than that
		before = max(before, c.during)
	}
	teststack.Within(backends.RecoveryLimit, func() bool { return teststack.ReadCounts(c.health).Events > before })
	c.acked[span.Name] = time.Since(span.Back).Seconds()
}

// help restarts the function's sidecar, which the result says. Where that is no help the course ends.
func (c *certification) help(name string, arrives func() bool) {
	if c.dead = c.Direct(); !c.dead {
		c.helped[name] = true
		c.kill(theFunction + "/daprd")
		c.dead = !teststack.Within(backends.RecoveryLimit, arrives)
	}
	if c.dead {
		c.vcenter.rate(0)
		c.t.Errorf("%s: nothing arrives any more: the phases after it were left out", name)
	}
}

// prime has the function subscribe once, before anything is published.
func (c *certification) prime() {
	if !c.Primed {
		return
	}
	c.startBrokers()
	first := c.startStack("prime", nil, theFunction)
	c.awaitReady(first)
	first.stop()
	c.stopBrokers()
}

// readBus starts the function that reads the queue behind a bus.
func (c *certification) readBus() {
	c.t.Helper()
	if c.bus == nil {
		return
	}
	f, err := openFunction(c.ledger.path, c.mood)
	if err != nil {
		c.t.Fatal(err)
	}
	c.bus.read(f)
}

func (c *certification) awaitReady(stack *running) {
	c.t.Helper()
	teststack.Eventually(c.t, "the stack is ready", backends.RecoveryLimit, func() bool {
		select {
		case <-stack.Ready():
			return true
		default:
			return false
		}
	})
}

func (c *certification) startBrokers() {
	for _, one := range c.brokers {
		one.start()
	}
}

func (c *certification) stopBrokers() {
	for _, one := range c.brokers {
		one.stop()
	}
	c.during = teststack.ReadCounts(c.health).Events
}

// settle waits until all that was created has arrived, or nothing more does.
func (c *certification) settle() {
	ids := c.vcenter.ids()
	last, at := 0, time.Now()
	teststack.Within(30*time.Minute, func() bool {
		phases, _ := backends.Judge(ids, c.spans, c.ledger.all())
		arrived := 0
		for _, p := range phases {
			arrived += p.Delivered
		}
		if arrived > last {
			last, at = arrived, time.Now()
		}
		return arrived == len(ids) || c.dead || time.Since(at) > c.patience
	})
	show("%4.0f s  %d of %d events have arrived", time.Since(c.began).Seconds(), last, len(ids))
}
