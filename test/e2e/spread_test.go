//go:build e2e

package e2e_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

const (
	fleetStreams = 30
	fleetRate    = 3 // events/s of each vCenter

	// burst is more than a window, so that one is full where a relay is killed.
	burst = 600

	// window is what a crash may publish twice, as docs/reliability.md has it.
	window = 200
)

// TestStreamsSpreadOverReplicasThatDie is `make test-fleet-replicas`: three relays share thirty vCenters while one after the other
// is killed, or paused for longer than its lease.
func TestStreamsSpreadOverReplicasThatDie(t *testing.T) {
	t.Parallel()
	kills, err := strconv.Atoi(cmp.Or(os.Getenv("E2E_KILLS"), "10"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		startRing(t, sqliteState(t)).turn("SQLite", kills)
	})
	t.Run("postgresql", func(t *testing.T) {
		t.Parallel()
		server := startPostgres(t)
		r := startRing(t, server.state())
		server.keepHistory()
		r.turn("PostgreSQL", kills)
		server.checkHistory()
	})
}

// ring is the three relays.
type ring struct {
	*fleet
	vcenters []*simulated
	watch    *watch
}

func startRing(t *testing.T, state string) *ring {
	t.Helper()
	r := &ring{fleet: startFleet(t, state), vcenters: simulateMany(t, fleetStreams, fleetRate)}
	r.configure(oneRoute, r.vcenters...)
	return r
}

func (r *ring) turn(store string, kills int) {
	r.t.Helper()
	for range 3 {
		r.addRelay()
	}
	r.watch = newWatch(r.fleet, r.vcenters)
	ctx, stop := context.WithCancel(r.t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { r.watch.run(ctx) })
	defer watching.Wait()
	defer stop()
	r.awaitSpread("three relays", 10, 10, 10)
	paused := 0
	var settled time.Duration // the longest until the spread was even
	for range kills {
		pause := rand.IntN(2) == 0
		if pause {
			paused++
		}
		settled = max(settled, r.strike(pause))
	}
	for _, v := range r.vcenters {
		v.rest()
	}
	all, result := r.await(fleetTopic, r.vcenters...)
	stop()
	watching.Wait()
	repeated, most, unexplained := r.repeated(all)
	fmt.Printf("replicas: %s: %s; %d kills, %d of them pauses; longest without an owner %.1f s (lease %s, goal %.1f s), even again after %.1f s at most; "+
		"repeated %d, at most %d of a stream by one of them (goal %d), and %d by none; records looked at %d times\n",
		store, result, kills, paused, r.watch.longest.Seconds(), lease, (lease * 15 / 9).Seconds(), settled.Seconds(), repeated, most, window, unexplained, r.watch.looks)
	if len(result.Missing) > 0 {
		r.t.Errorf("%d events are missing, the first is %s", len(result.Missing), result.Missing[0])
	}
	if far := 5 * lease; r.watch.longest > far {
		r.t.Errorf("a stream had no owner for %s, far more than the lease of %s", r.watch.longest, lease)
	}
	if unexplained > 0 {
		r.t.Errorf("%d events came again that are in no window of %d which a relay that was killed or paused had left", unexplained, window)
	}
	for _, fault := range r.watch.faults {
		r.t.Error(fault)
	}
}

// awaitSpread waits until the living relays have so many streams each.
func (r *ring) awaitSpread(when string, want ...int) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%s: streams are spread %v", when, want), patience, func() bool {
		return slices.Equal(r.watch.spread(), want) && len(r.watch.last) == fleetStreams
	})
}

// strike kills or pauses a relay at some moment, waits until the others have its streams, and lets it come back. It returns the
// longer of the two times until the spread was even.
func (r *ring) strike(pause bool) time.Duration {
	r.t.Helper()
	victim := r.relays[rand.IntN(len(r.relays))]
	owner, hers := r.ownedBy(victim)
	for _, v := range hers[:3] {
		for range burst {
			v.Post(&types.GeneralUserEvent{GeneralEvent: types.GeneralEvent{Message: "burst"}})
		}
	}
	<-time.After(rand.N(300 * time.Millisecond))
	began := time.Now()
	if pause {
		victim.signal(syscall.SIGSTOP)
	} else {
		victim.kill()
	}
	r.watch.died(owner, true)
	r.awaitSpread("one is away", 15, 15)
	longest := time.Since(began)
	if pause {
		<-time.After(time.Until(began.Add(lease + time.Second/2)))
		r.watch.died(owner, false)
		victim.signal(syscall.SIGCONT)
	} else {
		victim.start()
	}
	began = time.Now()
	r.awaitSpread("it is back", 10, 10, 10)
	return max(longest, time.Since(began))
}

// ownedBy are the vCenters whose streams a relay says it has, and its id in their records.
func (r *ring) ownedBy(m *member) (owner string, hers []*simulated) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("relay %d says that it has ten streams", m.number), patience, func() bool {
		hers = r.saysItOwns(m)
		return len(hers) == fleetStreams/3
	})
	rand.Shuffle(len(hers), func(i, j int) { hers[i], hers[j] = hers[j], hers[i] })
	return r.watch.ownerOf(recordKey(hers[0])), hers
}

func (r *ring) saysItOwns(m *member) (hers []*simulated) {
	body, err := r.get("http://" + m.health + "/metrics")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "vcrelay_stream_owner{") || !strings.HasSuffix(line, " 1\n") {
			continue
		}
		for _, v := range r.vcenters {
			if strings.Contains(line, `vcenter="`+v.name+`"`) {
				hers = append(hers, v)
			}
		}
	}
	return hers
}

// repeated counts what came more than once: all in all, the most of a stream by one kill or pause, and what none explains. A relay that
// dies leaves the window behind the stored position to the next one, which may repeat each of its events once.
func (r *ring) repeated(all []arrival) (sum, most, unexplained int) {
	for _, v := range r.vcenters {
		repeats, keys := repeatsOf(v, all)
		for _, n := range repeats {
			sum += n
		}
		for _, position := range r.watch.taken[recordKey(v)] {
			first, _ := slices.BinarySearch(keys, position+1)
			by := 0
			for _, key := range keys[first:min(first+window, len(keys))] {
				if repeats[key] > 0 {
					repeats[key]--
					by++
				}
			}
			most = max(most, by)
		}
		left := 0
		for _, n := range repeats {
			left += n
		}
		if unexplained += left; left > 0 {
			r.t.Logf("%s: %d repeats come from no kill or pause; it was taken at %v", v.name, left, r.watch.taken[recordKey(v)])
		}
	}
	return sum, most, unexplained
}

// repeatsOf counts how often each event of a vCenter came again, by its key, and lists the keys of all.
func repeatsOf(v *simulated, all []arrival) (repeats map[int]int, keys []int) {
	repeats = make(map[int]int)
	for i := range all {
		text, ours := strings.CutPrefix(all[i].ID, v.InstanceUUID()+"-")
		number, _, _ := strings.Cut(text, "-")
		key, err := strconv.Atoi(number)
		if !ours || err != nil { // another one's, or an announcement
			continue
		}
		if _, seen := repeats[key]; seen {
			repeats[key]++
		} else {
			repeats[key] = 0
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return repeats, keys
}

// checkHistory judges every version of every record that there ever was.
func (p *postgres) checkHistory() {
	p.t.Helper()
	last := make(map[string]record)
	owners := make(map[string]map[string]bool)
	rows := p.history()
	for _, row := range rows {
		var r record
		if err := json.Unmarshal([]byte(row[1]), &r); err != nil {
			p.t.Fatalf("%s: %v: %s", row[0], err, row[1])
		}
		if before, seen := last[row[0]]; seen {
			if fault := judge(before, r); fault != "" {
				p.t.Errorf("%s: %s", row[0], fault)
			}
		} else {
			owners[row[0]] = make(map[string]bool)
		}
		last[row[0]] = r
		owners[row[0]][r.Owner] = true
	}
	most := 0
	for _, all := range owners {
		most = max(most, len(all)-1)
	}
	fmt.Printf("replicas: PostgreSQL: %d writes of %d records, none by a fenced owner; a stream had up to %d owners\n", len(rows), len(last), most)
	if len(last) != fleetStreams {
		p.t.Errorf("%d records have a history, want %d", len(last), fleetStreams)
	}
}
