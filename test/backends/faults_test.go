//go:build e2e

package backends_test

import (
	"os"
	"syscall"
	"time"

	"github.com/vcrelay/vcrelay/test/backends"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

const (
	shortOutage = 5 * time.Second

	// longOutage is so long that the sidecar's JetStream client gives its connection up for good (60 tries, 2 s apart).
	longOutage = 170 * time.Second

	slowness = "slow 150ms" // more than there is time between two events
	hardWork = "slow 20ms"  // almost all the time between two events, in the long form
)

// Each fault returns when all is there again, and says since when.

func (c *certification) downAtStart() time.Time {
	apps := []string{theRelay, theFunction}
	if c.Direct() {
		apps = apps[:1]
	}
	c.stack = c.startStack("main", c.relayEnvironment(c.vcenter), apps...)
	<-time.After(c.held)
	c.startBrokers()
	return time.Now()
}

// burst shows the order: at this rate events of one entity are close to each other.
func (c *certification) burst() time.Time {
	began := time.Now()
	c.vcenter.rate(c.scale.burst)
	<-time.After(c.quiet)
	c.vcenter.rate(c.rate)
	return began
}

// replicaDies has a second process of the function, with a sidecar of the same app id, until both are killed.
func (c *certification) replicaDies() time.Time {
	second := c.startStack("replica", nil, theFunction)
	c.awaitReady(second)
	<-time.After(2 * time.Second)
	defer c.busy()()
	back := time.Now()
	for _, name := range []string{theFunction, theFunction + "/daprd"} {
		if pid, running := second.Process(name); running {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	second.stop()
	return back
}

func (c *certification) brokerStops() time.Time {
	c.stopBrokers()
	<-time.After(shortOutage)
	c.startBrokers()
	return time.Now()
}

func (c *certification) brokerAway() time.Time {
	c.stopBrokers()
	<-time.After(longOutage)
	c.startBrokers()
	return time.Now()
}

func (c *certification) brokerDies() time.Time {
	for _, one := range c.brokers {
		one.kill()
	}
	c.during = teststack.ReadCounts(c.health).Events
	c.startBrokers()
	return time.Now()
}

// moody has the function, or the gateway before it, answer otherwise for a while.
func (c *certification) moody(mood string) func() time.Time {
	return func() time.Time {
		c.setMood(mood)
		<-time.After(c.slow)
		c.setMood("")
		return time.Now()
	}
}

// setMood replaces the file at once: the function never reads half of it.
func (c *certification) setMood(mood string) {
	c.t.Helper()
	if err := os.WriteFile(c.mood+".new", []byte(mood), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(c.mood+".new", c.mood); err != nil {
		c.t.Fatal(err)
	}
}

// functionRefuses waits until the events are where dead letters go.
func (c *certification) functionRefuses() time.Time {
	began := time.Now()
	for range c.scale.refused {
		c.refused = append(c.refused, c.vcenter.postRefused())
	}
	teststack.Within(backends.RecoveryLimit, func() bool { return c.ledger.count(backends.Letter, c.refused...) == len(c.refused) })
	return began
}

func (c *certification) kills(name string) func() time.Time {
	return func() time.Time {
		defer c.busy()()
		back := time.Now()
		c.kill(name)
		return back
	}
}

// busy has the function take longer for a while, so that what is killed then holds an event: the broker has to find out. In the
// short form that is left to chance, as some wait for minutes until they deliver it again.
func (c *certification) busy() (rest func()) {
	if c.short {
		return func() {}
	}
	c.setMood(hardWork)
	<-time.After(time.Second)
	return func() { c.setMood("") }
}

func (c *certification) kill(name string) {
	c.t.Helper()
	pid, running := c.stack.Process(name)
	if !running {
		c.t.Errorf("%s is not running when it is to be killed", name)
		return
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		c.t.Fatalf("kill %s: %v", name, err)
	}
}

// fill brings the workload up to the number of events that were asked for.
func (c *certification) fill() time.Time {
	began := time.Now()
	c.vcenter.rate(c.scale.burst)
	teststack.Eventually(c.t, "the workload is done", 10*time.Minute, func() bool { return c.vcenter.Len() >= c.events })
	<-time.After(time.Second) // at least
	c.vcenter.rate(0)
	return began
}
