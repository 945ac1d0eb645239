package vcsim_test

import (
	"math"
	"testing"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

func TestTheWorkloadIsAboutWhatTheMixSays(t *testing.T) {
	mix, err := vcsim.ParseMix("none=0.1,switch=0.02,host=0.04,busiest=0.05")
	if err != nil {
		t.Fatal(err)
	}
	const events = 20_000
	none, switches, hosts, machines := 0, 0, 0, make(map[string]int)
	for _, event := range newServer(t, vcsim.Config{VMs: 40, History: events, Mix: mix}).Events(0) {
		switch head := event.GetEvent(); {
		case head.Vm != nil:
			machines[head.Vm.Name]++
		case head.Host != nil:
			hosts++
		case head.Dvs != nil || head.Net != nil:
			switches++
		default:
			none++
		}
	}
	busiest, next := "", 0
	for name, n := range machines {
		if n > machines[busiest] {
			busiest = name
		}
	}
	for name, n := range machines {
		if name != busiest {
			next = max(next, n)
		}
	}
	for what, share := range map[string][2]float64{
		"no entity": {float64(none), 0.1}, "a switch": {float64(switches), 0.02}, "a host": {float64(hosts), 0.04},
		busiest: {float64(machines[busiest]), 0.05},
	} {
		if got := share[0] / events; math.Abs(got-share[1]) > share[1]/10 {
			t.Errorf("%.4f of the events are about %s, want %.2f", got, what, share[1])
		}
	}
	if len(machines) != 40 || float64(next)/events > 0.03 {
		t.Errorf("%d machines, the second has %d events", len(machines), next)
	}
}

func TestAMixThatLeavesNothingForTheRestIsRefused(t *testing.T) {
	for _, text := range []string{"none=0.1,hosts=0.2", "none=2", "busiest"} {
		if mix, err := vcsim.ParseMix(text); err == nil {
			t.Errorf("%s was read as %+v", text, mix)
		}
	}
	server, err := vcsim.New(vcsim.Config{Username: "user", Password: "password", Mix: vcsim.Mix{None: 0.4, Busiest: 0.2}})
	if err == nil {
		_ = server.Close()
		t.Error("a mix of 0.6 was accepted")
	}
}
