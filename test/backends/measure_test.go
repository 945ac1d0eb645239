//go:build e2e

package backends_test

import (
	"cmp"
	"debug/buildinfo"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/local/toolbox"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/test/backends"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

// judge compares what the function has with the vCenter's log.
func (c *certification) judge() *backends.Result {
	arrivals := c.ledger.all()
	phases, foreign := backends.Judge(c.vcenter.ids(), c.spans, arrivals)
	for i := range phases {
		p := &phases[i]
		if acked, asked := c.acked[p.Name]; asked {
			p.Acked = &acked
		}
		if p.Note = c.Says[p.Name]; c.helped[p.Name] {
			p.Again, p.Note = nil, "nothing arrived by itself: the function's sidecar was restarted by hand"
		}
		if p.Lost > 0 {
			p.Note = cmp.Or(c.Loses[p.Name], p.Note)
		}
	}
	r := &backends.Result{
		Backend: c.Name, Date: time.Now().Format(time.DateOnly), Short: c.short, Versions: c.versions(), Phases: phases, Foreign: foreign,
		Refused: len(c.refused), Letters: c.ledger.count(backends.Letter, c.refused...),
	}
	for i, span := range c.spans {
		if span.Name == backends.Quiet && i+1 < len(c.spans) {
			r.Order = backends.JudgeOrder(arrivals, span.Began, c.spans[i+1].Began)
		}
	}
	return r
}

// sizes are those of the data of events that are tried, the last one just within what a sidecar takes by default (4 MiB).
var sizes = []int{64 << 10, 256 << 10, 512 << 10, 900 << 10, 1 << 20, 2 << 20, 3 << 20, 4<<20 - 16<<10}

// largest publishes events of growing size through the relay's component, until one is refused or does not arrive.
func (c *certification) largest() (l backends.Largest) {
	c.t.Helper()
	dapr, hangUp, err := publish.Dial(fmt.Sprintf("127.0.0.1:%d", c.stack.GRPCPort(theRelay)), "")
	if err != nil {
		c.t.Fatal(err)
	}
	defer hangUp()
	sink := c.sink(dapr)
	if err := sink.Check(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	for i, bytes := range sizes {
		e := relaytest.NewEvent(int32(i+1), "vm-1")
		const head, tail = `{"large":"`, `"}`
		e.Data = []byte(head + strings.Repeat("x", bytes-len(head)-len(tail)) + tail)
		if err := sink.Publish(c.t.Context(), []event.Event{e}); err != nil {
			l.Refused, l.Why = bytes, shorten(err.Error())
			return l
		}
		if !teststack.Within(doubt, func() bool { return c.ledger.count(backends.Handled, e.ID()) == 1 }) {
			l.Lost = bytes
			return l
		}
		l.Delivered = bytes
	}
	return l
}

// sink is what the relay publishes to.
func (c *certification) sink(dapr client.Client) publish.Sink {
	if !c.HTTP() {
		return publish.NewPubSub(dapr, publish.PubSubOptions{Component: "events", Topic: "vcenter"})
	}
	component, path := c.call()
	return publish.NewBinding(dapr, publish.BindingOptions{
		Component: component, Operation: "post", Binary: c.Mode == "binary", Metadata: map[string]string{"path": path},
	})
}

// call is what a binding's target names.
func (c *certification) call() (component, path string) {
	component, pairs, _ := strings.Cut(strings.TrimPrefix(c.Target, "binding://"), "?")
	_, path, _ = strings.Cut(pairs, "path=")
	return component, path
}

func shorten(text string) string {
	const most = 300
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "|", "/")), " ")
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}

// speedLimit bounds what is measured of a slow backend.
const speedLimit = 15 * time.Second

// speed drains the backlog of a new vCenter by a new relay, with no function beside it, and then has a bare loop publish the same
// events through the same sidecar.
func (c *certification) speed() backends.Speed {
	c.t.Helper()
	v := serveVCenter(c.t, vcsim.Config{History: c.backlog, HistorySpan: 48 * time.Hour, VMs: 200, Hosts: 30})
	c.stack = c.startStack("speed", c.relayEnvironment(v), theRelay)
	s := backends.Speed{Events: c.backlog, Relay: c.drained()}
	dapr, hangUp, err := publish.Dial(fmt.Sprintf("127.0.0.1:%d", c.stack.GRPCPort(theRelay)), "")
	if err != nil {
		c.t.Fatal(err)
	}
	defer hangUp()
	if c.HTTP() {
		s.Loop, s.Bare = "16 loops of bare calls", c.bareCalls(dapr, v)
	} else {
		s.Loop, s.Bare = "a bare loop of bulk requests of 100", c.bareBulk(dapr, v)
	}
	c.stack.stop()
	return s
}

// drained follows the relay from its first acknowledgements to the last, or for as long as speedLimit.
func (c *certification) drained() float64 {
	c.t.Helper()
	var begun time.Time
	var first, rate float64
	teststack.Eventually(c.t, "the backlog is relayed", 10*time.Minute, func() bool {
		now := teststack.ReadCounts(c.health).Events
		if now > 0 && begun.IsZero() {
			begun, first = time.Now(), now
		}
		if now < float64(c.backlog) && (begun.IsZero() || time.Since(begun) < speedLimit) {
			return false
		}
		rate = (now - first) / time.Since(begun).Seconds()
		return true
	})
	return rate
}

func (c *certification) bareBulk(dapr client.Client, v *vcenter) float64 {
	c.t.Helper()
	var requests [][]any
	teststack.ReadHistory(c.t, v.from(), c.backlog, func(e *event.Event) {
		if n := len(requests); n == 0 || len(requests[n-1]) == 100 {
			requests = append(requests, nil)
		}
		last := &requests[len(requests)-1]
		*last = append(*last, client.PublishEventsEvent{
			EntryID: strconv.Itoa(len(*last)), ContentType: event.ContentType, Data: event.AppendCloudEvent(nil, e),
		})
	})
	began, published := time.Now(), 0
	for _, request := range requests {
		if answer := dapr.PublishEvents(c.t.Context(), "events", "vcenter", request, client.PublishEventsWithRawPayload()); answer.Error != nil {
			c.t.Fatal(answer.Error)
		}
		if published += len(request); time.Since(began) > speedLimit {
			break
		}
	}
	return float64(published) / time.Since(began).Seconds()
}

// bareCalls are as many side by side as the relay has.
func (c *certification) bareCalls(dapr client.Client, v *vcenter) float64 {
	c.t.Helper()
	component, path := c.call()
	calls := make(chan *client.InvokeBindingRequest, c.backlog)
	teststack.ReadHistory(c.t, v.from(), c.backlog, func(e *event.Event) {
		calls <- &client.InvokeBindingRequest{
			Name: component, Operation: "post", Data: append([]byte(nil), e.Data...), Metadata: map[string]string{
				"path": path, "Content-Type": "application/json", "Ce-Id": e.ID(), "Ce-Specversion": "1.0", "Ce-Type": "com.vmware.vsphere.bare.v0", "Ce-Source": "bare",
			},
		}
	})
	close(calls)
	began := time.Now()
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for call := range calls {
				if _, err := dapr.InvokeBinding(c.t.Context(), call); err != nil {
					c.t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	return float64(c.backlog) / time.Since(began).Seconds()
}

// versions are of what takes part beside vcrelay.
func (c *certification) versions() (all []string) {
	tools := toolbox.Toolbox{Root: root(c.t)}
	daprd, err := tools.Daprd(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	version := "daprd " + said(daprd)
	if daprd == filepath.Join(root(c.t), "bin", "daprd") {
		version += " with the patches of vcrelay" // docs/decisions/0024
	}
	all = append(all, version)
	if c.Queue {
		return append(all, said(filepath.Join(root(c.t), "test/backends/brokers/moto.sh"))+" in the place of AWS, behind a proxy of the test")
	}
	for _, one := range c.Brokers {
		switch program := filepath.Join(root(c.t), one.Program); {
		case one.Program == "":
			all = append(all, "a server of the test that keeps the contract")
		case filepath.Ext(program) == ".sh":
			all = append(all, said(program))
		default:
			all = append(all, "nats-server "+built(program, "github.com/nats-io/nats-server/v2"))
		}
	}
	return all
}

func said(program string) string {
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		return "of unknown version"
	}
	return strings.TrimSpace(string(out))
}

// built is the version of a module in a program.
func built(program, module string) string {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "of unknown version"
	}
	for _, one := range info.Deps {
		if one.Path == module {
			return strings.TrimPrefix(one.Version, "v")
		}
	}
	return "of unknown version"
}
