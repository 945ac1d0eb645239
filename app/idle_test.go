package main

import (
	"context"
	"os"
	"slices"
	"strconv"
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

// TestAnIdleVCenterIsHeardAtOnce measures how long an event of a quiet vCenter, served over TLS, takes to the publisher.
// `make bench-idle` lets it take its time: VCRELAY_TEST_IDLE_EVENTS events, VCRELAY_TEST_IDLE_PAUSE apart.
func TestAnIdleVCenterIsHeardAtOnce(t *testing.T) {
	count, pause := 5, 300*time.Millisecond
	if text := os.Getenv("VCRELAY_TEST_IDLE_EVENTS"); text != "" {
		var errCount, errPause error
		count, errCount = strconv.Atoi(text)
		pause, errPause = time.ParseDuration(os.Getenv("VCRELAY_TEST_IDLE_PAUSE"))
		if errCount != nil || errPause != nil {
			t.Fatal(errCount, errPause)
		}
	}
	server := vcsimtest.Start(t, vcsim.Config{})
	arrived := make(chan event.Event, 100)
	topic := &relaytest.Topic{}
	topic.OnTake(func(e event.Event) {
		if e.Class == "VmPoweredOnEvent" { // and not our own login
			arrived <- e
		}
	})
	source := vcenter.NewShared("lab", vim.NewDialer(vim.Config{
		URL: server.URL(), Name: "lab", Thumbprint: server.Thumbprint(),
		Credentials: vcsimtest.Credentials,
	}, zerolog.Nop()).Dial).Member(zerolog.Nop())
	runStream(t, &relay.Stream{
		ID: "idle", Source: relaySource{source}, Publisher: topic, Checkpoints: relaytest.NewPositions().Owner(),
		Begin:    func(context.Context) (event.Position, error) { return event.Position{}, nil },
		Observer: relay.NewObserver(prometheus.NewRegistry(), "lab", "default", "topic"), Log: zerolog.Nop(),
	}, source)

	server.Post(&types.VmPoweredOnEvent{}) // the first one finds everything ready
	<-arrived
	var delays []time.Duration
	for range count {
		wait(pause)
		created := time.Now()
		server.Post(&types.VmPoweredOnEvent{})
		select {
		case <-arrived:
			delays = append(delays, time.Since(created))
		case <-time.After(time.Minute):
			t.Fatal("an event did not come within a minute")
		}
	}
	slices.Sort(delays)
	t.Logf("idle: %d events %s apart, from commit to the publisher: p50 %.1f ms, p95 %.1f ms, max %.1f ms", count, pause,
		milliseconds(delays[count/2]), milliseconds(delays[count*95/100]), milliseconds(delays[count-1]))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func wait(d time.Duration) { <-time.After(d) }

func runStream(t *testing.T, stream *relay.Stream, source *vcenter.Member) {
	t.Helper()
	background(t, func(ctx context.Context) error {
		defer source.Close(context.WithoutCancel(ctx))
		return stream.Run(ctx)
	})
}

// background runs until the test ends.
func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
