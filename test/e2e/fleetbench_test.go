//go:build e2e

package e2e_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

const (
	benchRate    = 5   // events/s of each vCenter
	benchMiB     = 256 // that a relay may need for them all
	benchSettles = 3 * time.Second
)

// TestBenchFleet is `make bench-fleet`: one relay with many vCenters, at first all well, then with some in trouble. Of a hundred, ten
// are dead, five slow and five flap.
func TestBenchFleet(t *testing.T) {
	t.Parallel()
	count, err := strconv.Atoi(cmp.Or(os.Getenv("E2E_BENCH_VCENTERS"), "20"))
	span, err2 := time.ParseDuration(cmp.Or(os.Getenv("E2E_BENCH_SPAN"), "6s"))
	if err := cmp.Or(err, err2); err != nil {
		t.Fatal(err)
	}
	f := startFleet(t, sqliteState(t))
	vcenters := make([]*simulated, count)
	for i := range vcenters {
		vcenters[i] = simulate(t, fmt.Sprintf("vc-%03d", i+1), vcsim.Config{Rate: benchRate, Seed: uint64(i + 1)})
	}
	f.configure(oneRoute, vcenters...)
	relay := f.addRelay()
	relay.reaches(float64(count), "vcrelay_stream_owner")
	<-time.After(benchSettles)
	well := f.pass(span)
	troubled := trouble(t, vcenters, span)
	<-time.After(benchSettles)
	ill := f.pass(span)
	for _, v := range vcenters {
		v.ClearFaults()
		v.rest()
	}
	all, result := f.await(fleetTopic, vcenters...)
	peak := peakMiB(t, relay.process.PID())
	fmt.Printf("fleet: %d vCenters of %d events/s in one relay: %s; peak memory of the relay %d MiB (goal %d)\n", count, benchRate, result, peak, benchMiB)
	fmt.Printf("fleet: %-24s %8s %8s %10s %10s %10s %10s\n", "creation to broker, ms", "vCenters", "events", "p50", "worst p50", "p99", "worst p99")
	show := func(what string, during stretch, kind string) {
		fmt.Printf("fleet: %-24s %s\n", what, latenciesOf(all, during, func(name string) bool { return troubled[name] == kind }))
	}
	show("all well: the sound ones", well, "")
	for _, kind := range []string{"", "dead", "slow", "flapping"} {
		show("some ill: the "+cmp.Or(kind, "sound")+" ones", ill, kind)
	}
	if len(result.Missing) > 0 {
		t.Errorf("%d events are missing, the first is %s", len(result.Missing), result.Missing[0])
	}
	if peak > benchMiB {
		t.Errorf("the relay needed %d MiB, want at most %d", peak, benchMiB)
	}
}

// stretch is a stretch of time.
type stretch struct{ from, to time.Time }

func (f *fleet) pass(span time.Duration) stretch {
	from := time.Now()
	<-time.After(span)
	return stretch{from, time.Now()}
}

// trouble befalls a fifth of the vCenters: half of those refuse connections or accept them and say nothing, a quarter answers after
// seconds, a quarter goes and comes. It returns what befell whom, by name.
func trouble(t *testing.T, vcenters []*simulated, span time.Duration) map[string]string {
	t.Helper()
	kinds := []struct{ name, fault string }{
		{"dead", "kind=restart,by=refuse,for=1h"},
		{"slow", "kind=slow,delay=3s"},
		{"dead", "kind=slow,delay=" + (span + benchSettles).String()},
		{"flapping", "kind=restart,by=refuse,every=6s,for=3s"},
	}
	befell := make(map[string]string)
	for i := range len(vcenters) / 5 {
		kind := kinds[i%len(kinds)]
		if _, err := vcenters[i*5].Fault(kind.fault); err != nil {
			t.Fatal(err)
		}
		befell[vcenters[i*5].name] = kind.name
	}
	return befell
}

// latencies are those of several vCenters, in ms.
type latencies struct {
	events   int
	p50, p99 []float64 // by vCenter, sorted
}

func (l latencies) String() string {
	if len(l.p50) == 0 {
		return fmt.Sprintf("%8d %8d", 0, 0)
	}
	last := len(l.p50) - 1
	return fmt.Sprintf("%8d %8d %10.0f %10.0f %10.0f %10.0f", len(l.p50), l.events, l.p50[last/2], l.p50[last], l.p99[last/2], l.p99[last])
}

// latenciesOf are the times from the creation of an event to its first copy in the broker.
func latenciesOf(all []arrival, during stretch, of func(name string) bool) (l latencies) {
	seen := make(map[string]bool)
	byName := make(map[string][]float64)
	for i := range all {
		a := &all[i]
		micros, err := strconv.ParseInt(a.ID[strings.LastIndexByte(a.ID, '-')+1:], 10, 64)
		created := time.UnixMicro(micros)
		if err != nil || seen[a.ID] || strings.HasPrefix(a.Type, "com.vcrelay.") || !of(a.Name) || created.Before(during.from) || created.After(during.to) {
			continue
		}
		seen[a.ID] = true
		byName[a.Name] = append(byName[a.Name], float64(a.stored.Sub(created).Microseconds())/1000)
	}
	for _, times := range byName {
		slices.Sort(times)
		l.events += len(times)
		l.p50 = append(l.p50, times[(len(times)-1)/2])
		l.p99 = append(l.p99, times[(len(times)-1)*99/100])
	}
	slices.Sort(l.p50)
	slices.Sort(l.p99)
	return l
}
