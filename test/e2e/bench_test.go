//go:build e2e

package e2e_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/publish"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

// TestBenchRelay is `make bench-relay`: how fast a backlog drains, beside a loop that only publishes prepared payloads through
// the same sidecar.
func TestBenchRelay(t *testing.T) {
	events, _ := strconv.Atoi(os.Getenv("E2E_BENCH_EVENTS"))
	if events == 0 || runtime.GOOS != "linux" {
		t.Skip("E2E_BENCH_EVENTS is not set")
	}
	rounds, err := strconv.Atoi(os.Getenv("E2E_BENCH_ROUNDS"))
	if err != nil {
		rounds = 3
	}
	fmt.Println("component  order    window  relay/s   loop/s  ratio | CPU ms/1,000 events: relay  vcsim  sidecar  broker | loop's sidecar  broker   own | events/request  saves/1,000  MiB")
	for _, component := range []string{"in-memory", "jetstream"} {
		for _, c := range []benchCase{{"none", 200}, {"none", 1000}, {"entity", 200}, {"entity", 1000}} {
			var all []drain
			for range rounds {
				all = append(all, benchDrain(t, component, c, events))
			}
			slices.SortFunc(all, func(a, b drain) int { return cmp.Compare(a.rate/a.bare, b.rate/b.bare) })
			d := all[len(all)/2]
			if d.rate == 0 {
				continue // not asked for by -run
			}
			fmt.Printf("%-10s %-8s %6d %8.0f %8.0f %6.2f | %26.1f %6.1f %8.1f %7.1f | %14.1f %7.1f %5.1f | %14.1f %12.2f %4d\n",
				component, c.order, c.window, d.rate, d.bare, d.rate/d.bare, d.cpu["vcrelay"], d.cpu["vcsim"], d.cpu["vcrelay/daprd"], d.cpu["broker"],
				d.bareCPU["vcrelay/daprd"], d.bareCPU["broker"], d.bareCPU[own], d.batch, d.saves, d.peak)
			fmt.Printf("mix        %.1f %% of the events have no entity, %.1f %% are about %s, no other entity has as many\n", 100*d.mix.none, 100*d.mix.busiest, d.mix.name)
		}
	}
}

// drain is what one round has measured.
type drain struct {
	rate, bare   float64 // events/s
	cpu, bareCPU usage   // ms for 1,000 events
	batch        float64 // events in a request
	saves        float64 // of the position, for 1,000 events
	peak         int     // MiB of the relay
	mix          mix
}

// benchCase is how a backlog is drained.
type benchCase struct {
	order  string
	window int
}

// mix is what the events that were drained are about.
type mix struct {
	none    float64 // share of those without an entity
	busiest float64 // of those of one entity, which is
	name    string
}

// usage is the time that processes have used of a core, by their names.
type usage map[string]float64

// askEvery is how often the relay is asked for its counts.
const askEvery = 100 * time.Millisecond

// own is the process of the test, which runs the loop.
const own = "own"

func benchDrain(t *testing.T, component string, c benchCase, events int) (d drain) {
	t.Run(fmt.Sprint(component, " ", c.order, " ", c.window), func(t *testing.T) {
		s := startStackOn(t, benchComponents(t, component), map[string]map[string]string{
			"vcsim": {
				"VCRELAY_VCSIM_HISTORY": strconv.Itoa(events), "VCRELAY_VCSIM_HISTORY_SPAN": "48h", "VCRELAY_VCSIM_RATE": "0", "VCRELAY_VCSIM_VMS": "200", "VCRELAY_VCSIM_HOSTS": "30",
				"VCRELAY_VCSIM_MIX": "none=0.1,host=0.03,switch=0.02,busiest=0.02",
			},
			"vcrelay": {"VCRELAY_ORDER": c.order, "VCRELAY_WINDOW": strconv.Itoa(c.window)},
		}, "echo")
		d = s.drained(events)
		d.bare, d.bareCPU, d.mix = s.bareLoop(events)
	})
	return d
}

// benchComponents is a folder with a pub/sub component that keeps nothing, for the sidecar's own speed; none for JetStream.
func benchComponents(t *testing.T, component string) string {
	t.Helper()
	if component != "in-memory" {
		return ""
	}
	folder := t.TempDir()
	state, err := os.ReadFile("../../components/nats/state.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pubsub := "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: events\nspec:\n  type: pubsub.in-memory\n  version: v1\n"
	for name, text := range map[string]string{"state.yaml": string(state), "pubsub.yaml": pubsub} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// drained follows the relay from its first acknowledgements to the last.
func (s *stack) drained(events int) (d drain) {
	var begun time.Time
	var cpu usage
	var first teststack.Counts
	asked := time.Time{}
	s.eventually("the backlog is relayed", 10*time.Minute, func() bool {
		if time.Since(asked) < askEvery { // to answer costs the relay half a millisecond
			return false
		}
		asked = time.Now()
		now := teststack.ReadCounts(s.health)
		if now.Events > 0 && begun.IsZero() {
			begun, first, cpu = time.Now(), now, s.used()
		}
		if now.Events < float64(events) {
			return false
		}
		n := now.Events - first.Events
		d.rate = n / time.Since(begun).Seconds()
		d.cpu = s.used().since(cpu, n)
		d.batch = n / (now.Requests - first.Requests)
		d.saves = (now.Saves - first.Saves) / n * 1000
		d.peak = s.peakMiB("vcrelay")
		return true
	})
	return d
}

// published is the relay's own count.
func (s *stack) published() int { return s.publishedAt(s.health) }

// publishedAt is the count of the relay at an address, 0 while it does not answer.
func (s *stack) publishedAt(health string) int { return int(teststack.ReadCounts(health).Events) }

// used is what each process has used of a core until now, in seconds.
func (s *stack) used() usage {
	all := usage{own: s.cpuSeconds(os.Getpid())}
	for _, name := range []string{"vcrelay", "vcsim", "vcrelay/daprd", "broker"} {
		if pid, running := s.Process(name); running {
			all[name] = s.cpuSeconds(pid)
		}
	}
	return all
}

// since is what was used since before, in ms for 1,000 events.
func (u usage) since(before usage, events float64) usage {
	used := make(usage)
	for name, seconds := range u {
		used[name] = (seconds - before[name]) * 1e6 / events
	}
	return used
}

// cpuSeconds is what a process has used of a core.
func (s *stack) cpuSeconds(pid int) float64 {
	s.t.Helper()
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		s.t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const userTime, systemTime, ticks = 11, 12, 100 // see proc(5); the fields begin behind the name
	user, _ := strconv.ParseFloat(fields[userTime], 64)
	system, _ := strconv.ParseFloat(fields[systemTime], 64)
	return (user + system) / ticks
}

// bareLoop publishes the same events as payloads that were made before, 100 in a request, one request after the other.
func (s *stack) bareLoop(events int) (rate float64, cpu usage, m mix) {
	s.t.Helper()
	dapr, closeDapr, err := publish.Dial(s.sidecar("vcrelay"), "")
	if err != nil {
		s.t.Fatal(err)
	}
	defer closeDapr()
	requests, m := s.prepared(events)
	began, before := time.Now(), s.used()
	for _, request := range requests {
		if answer := dapr.PublishEvents(s.t.Context(), "events", "vcenter", request, client.PublishEventsWithRawPayload()); answer.Error != nil {
			s.t.Fatal(answer.Error)
		}
	}
	rate = float64(events) / time.Since(began).Seconds()
	return rate, s.used().since(before, float64(events)), m
}

// prepared reads the history once more, and how it is mixed.
func (s *stack) prepared(events int) (requests [][]any, m mix) {
	s.t.Helper()
	from := teststack.Simulated{Address: s.address, CertFile: filepath.Join(s.dir, "vcsim.pem"), Username: "administrator@vsphere.local", Password: "vcsim"}
	var request []any
	of := make(map[event.Ref]int)
	teststack.ReadHistory(s.t, from, events, func(e *event.Event) {
		of[e.Entity]++
		request = append(request, client.PublishEventsEvent{
			EntryID: strconv.Itoa(len(request)), ContentType: event.ContentType, Data: event.AppendCloudEvent(nil, e),
		})
		if len(request) == 100 {
			requests, request = append(requests, request), nil
		}
	})
	return requests, mixOf(of, events)
}

func mixOf(of map[event.Ref]int, events int) mix {
	m := mix{none: float64(of[event.Ref{}]) / float64(events)}
	for entity, n := range of {
		if share := float64(n) / float64(events); entity != (event.Ref{}) && share > m.busiest {
			m.busiest, m.name = share, entity.String()
		}
	}
	return m
}
