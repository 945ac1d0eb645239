package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/relay"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

// Three routes want all events, one a few: one login, and two readers.
func TestRoutesOfOneVCenterShareALoginAndAReader(t *testing.T) {
	server := vcsimtest.Start(t, vcsim.Config{History: 3000})
	config := vim.Config{URL: server.URL(), Name: "lab", Thumbprint: server.Thumbprint(), Credentials: vcsimtest.Credentials}
	dialer := vim.NewDialer(config, zerolog.Nop())
	all := vcenter.NewShared("lab", dialer.Dial)
	config.Filter.Events = []string{"VmPoweredOnEvent"}
	few := vcenter.NewShared("lab", dialer.With(config).Dial)
	var counts [4]atomic.Int64
	for i, shared := range []*vcenter.Shared{all, all, all, few} {
		topic := &relaytest.Topic{}
		topic.OnTake(func(event.Event) { counts[i].Add(1) })
		source := shared.Member(zerolog.Nop())
		runStream(t, &relay.Stream{
			ID: fmt.Sprint(i), Source: relaySource{source}, Publisher: topic, Checkpoints: relaytest.NewPositions().Owner(),
			Begin:    func(context.Context) (event.Position, error) { return event.Position{}, nil },
			Observer: relay.NewObserver(prometheus.NewRegistry(), "lab", "default", "topic"), Log: zerolog.Nop(),
		}, source)
	}
	poweredOn := int64(0)
	for _, e := range server.Events(0) {
		if _, is := e.(*types.VmPoweredOnEvent); is {
			poweredOn++
		}
	}
	for counts[0].Load() < 3000 || counts[1].Load() < 3000 || counts[2].Load() < 3000 || counts[3].Load() < poweredOn || server.Collectors() > 3 {
		if wait(10 * time.Millisecond); t.Context().Err() != nil { // the test's time-out ends it
			return
		}
	}
	if n := server.Sessions(); n != 1 {
		t.Errorf("%d logins", n)
	}
	t.Logf("%d collectors: two feeds, and what shows the newest of a few", server.Collectors())
}
