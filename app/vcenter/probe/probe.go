package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/probe/scrub"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// ErrLost is wrapped by the error of a probe that lost its connection to vCenter.
var ErrLost = errors.New("connection to vCenter is lost")

var errNoEvents = errors.New("no vCenter: it has no EventManager")

// Options say what to do.
type Options struct {
	Tool           string        // who measures, for the report: vcrelay and its version
	ConnectTimeout time.Duration // for the login; 0: none
	Watch          time.Duration // how long to follow live; 0: not at all
	Pages          int           // pages of events to take along
	Log            zerolog.Logger

	tick time.Duration // between two looks; 0: the default
}

// probe is one run. It is used by one goroutine.
type probe struct {
	options  Options
	session  *session
	scrubber *scrub.Scrubber
	result   *Result
	report   *Report // of result

	ahead  time.Duration // of vCenter's clock
	order  order
	recent []head            // what was read of the last minutes, or else of the oldest
	bursts map[identity]bool // those that are counted
}

// measurement is a part of a probe. What it has found by then is in the report whenever it returns.
type measurement struct {
	name string
	take func(*probe, context.Context) error
}

var measurements = []measurement{
	{"about", (*probe).about},
	{"clock", (*probe).clock},
	{"eventManager", (*probe).manager},
	{"options", (*probe).settings},
	{"collectorCreation", (*probe).creation},
	{"history", (*probe).history},
	{"visibility", (*probe).visibility},
	{"beginTime", (*probe).beginTime},
	{"byKey", (*probe).byKey},
	{"pages", (*probe).samples},
	{"watch", (*probe).watch},
}

// Run logs in, measures, and logs out. The result is what there is, also with an error; it is nil when nobody logged in.
// The error is that of the login; that of ctx; ErrLost; vcenter.ErrSessionEnded; or vim.ErrCredentials, when the account may
// not read events. What vCenter refuses otherwise is in the report.
func Run(ctx context.Context, dial Login, options Options) (*Result, error) {
	options.tick = cmp.Or(options.tick, tick)
	session, err := login(ctx, dial, options.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := session.logout(ctx); err != nil {
			options.Log.Debug().Err(err).Msg("not logged out")
		}
	}()
	if session.client.ServiceContent.EventManager == nil {
		return nil, errNoEvents
	}
	p := &probe{options: options, session: session, scrubber: scrub.New(), result: &Result{}, bursts: map[identity]bool{}}
	p.report = &p.result.Report
	*p.report = Report{
		Tool: options.Tool, Started: time.Now().UTC().Truncate(time.Second), Failed: map[string]string{}, BurstFilter: map[string]int{},
	}
	err = p.measure(ctx)
	p.finish(err)
	return p.result, err
}

func (p *probe) measure(ctx context.Context) error {
	for _, m := range measurements {
		p.options.Log.Debug().Str("measurement", m.name).Msg("measuring")
		err := m.take(p, ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			continue
		}
		p.report.Failed[m.name] = reason(err)
		if err := fatal(err); err != nil {
			return err
		}
	}
	if p.report.Failed["history"] == "NoPermission" {
		return fmt.Errorf("read events: %w: the account lacks System.View; give it the role Read-only on the root of the inventory",
			vim.ErrCredentials)
	}
	return nil
}

// fatal tells what ends a probe from what concerns one measurement.
func fatal(err error) error {
	switch reason(err) {
	case "NotAuthenticated":
		return fmt.Errorf("%w: %w", vcenter.ErrSessionEnded, err)
	case lost:
		return fmt.Errorf("%w: %w", ErrLost, err)
	default:
		return nil
	}
}

// finish rounds the report off.
func (p *probe) finish(err error) {
	p.report.Order = p.order.report()
	switch {
	case err == nil, errors.Is(err, vim.ErrCredentials):
		p.report.Complete, p.report.Ended = true, "complete"
	case errors.Is(err, vcenter.ErrSessionEnded):
		p.report.Ended = "session ended by vCenter"
	case errors.Is(err, ErrLost):
		p.report.Ended = lost
	default:
		p.report.Ended = "interrupted"
	}
}

// took notes a page that belongs to the reading under way.
func (p *probe) took(page *page) {
	p.report.NotReadable += page.flawed
	for _, h := range page.events {
		p.order.add(h.Mark)
		p.countBurst(h)
	}
}

// countBurst counts what the burst filter puts in place of events: EventBurstStartedEvent and its like.
func (p *probe) countBurst(h head) {
	short, ours := strings.CutPrefix(h.name, "com.vmware.vc.")
	if !ours || !strings.Contains(short, "EventBurst") || !className.MatchString(short) || p.bursts[identityOf(h.Mark)] {
		return
	}
	p.bursts[identityOf(h.Mark)] = true
	p.report.BurstFilter[h.name]++
}

// now is vCenter's time.
func (p *probe) now() time.Time { return time.Now().Add(p.ahead).UTC() }

// atLeast compares about.apiVersion number by number.
func (p *probe) atLeast(wanted ...int) bool {
	parts := strings.Split(p.session.client.ServiceContent.About.ApiVersion, ".")
	for i, want := range wanted {
		have := 0
		if i < len(parts) {
			have, _ = strconv.Atoi(parts[i]) // 0 for what is no number
		}
		if have != want {
			return have > want
		}
	}
	return true
}

// openFrom opens a collector as the relay does: without its latest page from 8.0.3 on.
func (p *probe) openFrom(ctx context.Context, begin time.Time) (*collector, error) {
	return p.session.open(ctx, vcenter.Span{Begin: begin}, p.atLeast(8, 0, 3))
}

// wait returns false if ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
