//go:build e2e

package e2e_test

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func TestAVCenterBehindTwoAddressesIsReadOnceAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	f := startFleet(t, sqliteState(t))
	first, other := simulate(t, "first", vcsim.Config{Rate: 20}), simulate(t, "other", vcsim.Config{Rate: 20})
	twin := *first
	twin.name, twin.config.Listen = "twin", forward(t, first.config.Listen)
	f.configure(oneRoute, first, &twin, other)
	relay := f.addRelay()
	relay.says("are the same vCenter", first.InstanceUUID(), `"level":"warn"`)
	first.rest()
	other.rest()
	all := f.awaitWhole(fleetTopic, first, other)
	names := make(map[string]bool) // under which the events of the one went out
	for i := range all {
		if strings.HasPrefix(all[i].ID, first.InstanceUUID()) {
			names[all[i].Name] = true
		}
	}
	if len(names) != 1 {
		t.Errorf("the vCenter was read under the names %v, want one of them", names)
	}
}

// forward is another address of the same server.
func forward(t *testing.T, to string) string {
	t.Helper()
	listener, err := net.Listen("tcp", freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go join(near, to)
		}
	}()
	return listener.Addr().String()
}

func join(near net.Conn, to string) {
	defer func() { _ = near.Close() }()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
	_, _ = io.Copy(near, far)
}

func TestAnotherVCenterAtAKnownAddressIsAnnouncedAndRead(t *testing.T) {
	t.Parallel()
	f := startFleet(t, sqliteState(t))
	changing, steady := simulate(t, "changing", vcsim.Config{Rate: 20}), simulate(t, "steady", vcsim.Config{Rate: 20})
	f.configure(oneRoute, changing, steady)
	relay := f.addRelay()
	for _, across := range []string{"while the relay runs", "across a restart of the relay"} {
		changing.rest()
		f.awaitWhole(fleetTopic, changing)
		before := changing.InstanceUUID()
		changing.before = changing.ids() // not the logout of a relay that stops, which nobody can read
		if across == "while the relay runs" {
			changing.replace()
		} else {
			relay.stop()
			changing.replace()
			relay.start()
		}
		f.eventually("it is announced "+across, patience, func() bool {
			for _, text := range announcements(f.arrivals(fleetTopic), "started") {
				if strings.Contains(text, "instance uuid "+changing.InstanceUUID()+", before "+before) {
					return true
				}
			}
			return false
		})
	}
	changing.rest()
	steady.rest()
	f.awaitWhole(fleetTopic, changing, steady)
	if n := relay.said(`"stream":"steady/default"`, "resuming"); n != 1 {
		t.Errorf("the other stream was resumed %d times, want once, at the restart", n)
	}
}

func TestTwoRoutesOntoOneJetStreamStreamAreRefused(t *testing.T) {
	t.Parallel()
	f := startFleet(t, sqliteState(t))
	vcenter := simulate(t, "vc", vcsim.Config{Rate: 20})
	own := "  - {name: copies, target: 'pubsub://events/copies'}\n"
	f.configure(oneRoute+own, vcenter)
	relay := f.addRelay()
	<-relay.process.Done()
	if code := relay.process.ExitCode(); code != 2 || !strings.Contains(relay.logged(), "routes default and copies: both publish events of the same vCenter") {
		t.Fatalf("ended with %s, want exit code 2 and the reason: %s", relay.process.Exit(), relay.logged())
	}
	if relay.said("not reached within") > 0 {
		t.Error("it was tried again and again, as if waiting would mend it")
	}

	f.createStream("copies", 2*time.Minute)
	f.configure(oneRoute+strings.Replace(own, "}", ", ownStream: true}", 1), vcenter)
	relay.start()
	f.eventually("events arrive", patience, func() bool { return len(f.arrivals("copies")) > 20 })
	vcenter.rest()
	f.awaitWhole(fleetTopic, vcenter)
	f.awaitWhole("copies", vcenter)
}

func TestARouteWithoutCheckpointsSaysSoAndBeginsAtNow(t *testing.T) {
	t.Parallel()
	f := startFleet(t, sqliteState(t))
	vcenter := simulate(t, "vc", vcsim.Config{Rate: 20})
	f.configure(strings.Replace(oneRoute, "}", ", checkpoint: false}", 1), vcenter)
	f.write(f.file, strings.Replace(f.fleetFile(), ", start: oldest", ", start: now", 1))
	relay := f.addRelay()
	relay.says("checkpoints are off for this route", `"level":"warn"`)
	relay.reaches(0, "vcrelay_stream_checkpoints")
	relay.reaches(1, "vcrelay_stream_owner")
	f.eventually("events arrive", patience, func() bool { return len(f.arrivals(fleetTopic)) > 20 })
	relay.stop()
	missed := vcenter.ids()
	f.eventually("events happen while no relay runs", patience, func() bool { return len(vcenter.ids()) > len(missed)+20 })
	missed = vcenter.ids()[len(missed)+5 : len(missed)+15]
	away := time.Now()
	relay.start()
	f.eventually("events arrive again", patience, func() bool {
		all := f.arrivals(fleetTopic)
		last := all[len(all)-1]
		return last.stored.After(away) && !strings.HasPrefix(last.Type, "com.vcrelay.")
	})
	vcenter.rest()
	f.eventually("the last event arrives", patience, func() bool {
		ids := vcenter.ids()
		for _, a := range f.arrivals(fleetTopic) {
			if a.ID == ids[len(ids)-2] || a.ID == ids[len(ids)-1] {
				return true
			}
		}
		return false
	})
	counts := make(map[string]int)
	for _, a := range f.arrivals(fleetTopic) {
		counts[a.ID]++
		if counts[a.ID] > 1 {
			t.Errorf("%s came %d times, want at most once", a.ID, counts[a.ID])
		}
	}
	for _, id := range missed {
		if counts[id] > 0 {
			t.Errorf("%s came, which happened while no relay ran", id)
		}
	}
	if strings.Contains(f.storedAt(recordKey(vcenter)), `"position"`) {
		t.Error("a position is stored")
	}
}

func TestAFleetFileIsReadAgainWithoutDisturbingTheOtherStreams(t *testing.T) {
	t.Parallel()
	f := startFleet(t, sqliteState(t))
	steady, leaving, coming := simulate(t, "steady", vcsim.Config{Rate: 20}), simulate(t, "leaving", vcsim.Config{Rate: 20}), simulate(t, "coming", vcsim.Config{Rate: 20})
	f.configure(oneRoute, steady, leaving)
	relay := f.addRelay()
	relay.reaches(2, "vcrelay_stream_owner")
	f.eventually("events arrive", patience, func() bool { return len(f.arrivals(fleetTopic)) > 20 })
	logins, lines := steady.Sessions(), relay.said(`"stream":"steady/default"`)

	f.configure(oneRoute, steady, leaving, coming)
	relay.signal(syscall.SIGHUP)
	relay.reaches(1, "vcrelay_config_reloads_total", `result="ok"`)
	relay.reaches(1, "vcrelay_stream_owner", `vcenter="coming"`)

	f.configure(oneRoute, steady, coming)
	relay.signal(syscall.SIGHUP)
	relay.reaches(2, "vcrelay_config_reloads_total", `result="ok"`)
	relay.says("stopped: the configuration has changed", "leaving/default")
	f.eventually("the account of the vCenter that left is logged out", patience, func() bool { return leaving.Sessions() == 0 })

	good := f.fleetFile()
	f.write(f.file, good+"  - {name: default, order: sideways}\n")
	relay.signal(syscall.SIGHUP)
	relay.reaches(1, "vcrelay_config_reloads_total", `result="error"`)
	relay.says("the fleet file is not taken, the running configuration stays", "fleet.yaml:6: routes[1].order", "sideways")
	f.write(f.file, good)

	coming.rest()
	steady.rest()
	f.awaitWhole(fleetTopic, steady, coming)
	if relay.said(`"stream":"steady/default"`) != lines || steady.Sessions() != logins {
		t.Errorf("the stream that stayed was disturbed: %d lines of the log, before %d; %d sessions, before %d",
			relay.said(`"stream":"steady/default"`), lines, steady.Sessions(), logins)
	}
}

func TestADamagedRecordHoldsOnlyItsStreamAndIsKept(t *testing.T) {
	t.Parallel()
	f := startFleet(t, sqliteState(t))
	hurt, sound := simulate(t, "hurt", vcsim.Config{Rate: 20}), simulate(t, "sound", vcsim.Config{Rate: 20})
	f.configure(oneRoute, hurt, sound)
	relay := f.addRelay()
	f.eventually("events arrive", patience, func() bool { return len(f.arrivals(fleetTopic)) > 40 })
	relay.stop()
	key := recordKey(hurt)
	whole := f.storedAt(key)
	const damage = "{torn"
	f.overwrite(key, damage)
	relay.start()

	relay.says("the stream waits", "hurt/default", `"level":"error"`)
	var told struct{ Data struct{ Copy, Reason string } }
	f.eventually("it is announced", patience, func() bool {
		all := announcements(f.arrivals(fleetTopic), "damaged")
		return len(all) > 0 && json.Unmarshal([]byte(all[0]), &told) == nil
	})
	if kept := f.storedAt(told.Data.Copy); told.Data.Copy == "" || !strings.Contains(kept, damage) {
		t.Errorf("the copy %q holds %q, want %q", told.Data.Copy, kept, damage)
	}
	sound.rest()
	f.awaitWhole(fleetTopic, sound)
	if _, result := f.count(fleetTopic, hurt); len(result.Missing) == 0 {
		t.Error("the stream with the damaged record went on by itself")
	}
	if text := f.storedAt(key); !strings.Contains(text, damage) {
		t.Errorf("the damaged record was changed: %s", text)
	}

	f.overwrite(key, json.RawMessage(whole))
	relay.reaches(1, "vcrelay_stream_owner", `vcenter="hurt"`)
	hurt.rest()
	f.awaitWhole(fleetTopic, hurt)
}

func TestAStateThatIsWipedUnderARunningRelayLosesNothing(t *testing.T) {
	t.Parallel()
	f := startFleet(t, sqliteState(t))
	vcenters := simulateMany(t, 3, 20)
	f.configure(oneRoute, vcenters...)
	f.addRelay()
	f.addRelay()
	f.eventually("events arrive", patience, func() bool { return len(f.arrivals(fleetTopic)) > 40 })
	for _, v := range vcenters { // so that who stands by sees that the records are gone before their owner does
		v.rest()
	}
	f.awaitWhole(fleetTopic, vcenters...)
	f.remove("vcrelay/members")
	var keys []string
	for _, v := range vcenters {
		keys = append(keys, recordKey(v))
		f.remove(recordKey(v))
	}
	f.eventually("the records are there again", patience, func() bool {
		records, err := f.records(t.Context(), keys)
		whole := err == nil && len(records) == len(keys)
		for _, r := range records {
			whole = whole && r.Position.Key > 0
		}
		return whole
	})
	for _, v := range vcenters {
		if err := v.SetRate(20); err != nil {
			t.Fatal(err)
		}
	}
	before := len(f.arrivals(fleetTopic))
	f.eventually("events arrive again", patience, func() bool { return len(f.arrivals(fleetTopic)) > before+100 })
	for _, v := range vcenters {
		v.rest()
	}
	f.awaitWhole(fleetTopic, vcenters...)
	if begun := f.relays[0].said("first start") + f.relays[1].said("first start"); begun != len(vcenters) {
		t.Errorf("%d streams were begun, want %d: one began anew", begun, len(vcenters))
	}
}

// JetStream drops a message whose id it has seen, and looks at nothing but the id.
func TestTwoVCentersWithTheSameEventKeysAndTimesBothArriveOnOneStream(t *testing.T) {
	t.Parallel()
	f := startFleet(t, sqliteState(t))
	now := time.Now()
	config := vcsim.Config{History: 500, Clock: func() time.Time { return now }}
	one, other := simulate(t, "one", config), simulate(t, "other", config)
	alike := 0
	ids := other.ids()
	for i, id := range one.ids() {
		if strings.TrimPrefix(id, one.InstanceUUID()) == strings.TrimPrefix(ids[i], other.InstanceUUID()) {
			alike++
		}
	}
	if alike < 500 {
		t.Fatalf("only %d events have the same key and time: this shows nothing", alike)
	}
	f.configure(oneRoute, one, other)
	f.addRelay()
	f.awaitWhole(fleetTopic, one, other)
}
