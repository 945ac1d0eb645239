package vcsim_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// kindsOf lists the class of each event of the log, with the id where it has one.
func kindsOf(server *vcsim.Server) []string {
	var kinds []string
	for _, event := range server.Events(0) {
		kind := reflect.TypeOf(event).Elem().Name()
		if ex, ok := event.(*types.EventEx); ok {
			kind += " " + ex.EventTypeId
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

func TestTheSameSeedGivesTheSameSequenceOfKinds(t *testing.T) {
	sequence := func(seed uint64) []string {
		return kindsOf(newServer(t, vcsim.Config{History: 500, Seed: seed}))
	}
	if !slices.Equal(sequence(7), sequence(7)) {
		t.Error("seed 7 gave two sequences")
	}
	if slices.Equal(sequence(7), sequence(8)) {
		t.Error("seeds 7 and 8 gave the same sequence")
	}
}

func TestPreloadedEventsAreSpreadEvenlyOverTheSpan(t *testing.T) {
	now := time.Date(2026, time.November, 20, 12, 0, 0, 123456789, time.UTC)
	server := newServer(t, vcsim.Config{
		History: 10, HistorySpan: 10 * time.Minute, FirstKey: 41, Clock: func() time.Time { return now },
	})
	for index, event := range server.Events(0) {
		head := event.GetEvent()
		want := now.Add(time.Duration(index-11) * time.Minute).Truncate(time.Microsecond)
		if !head.CreatedTime.Equal(want) || head.Key != int32(40+index) || head.ChainId != head.Key {
			t.Errorf("event %d: key %d, chain %d, at %v, want %v", index, head.Key, head.ChainId, head.CreatedTime, want)
		}
	}
}

func TestTheWorkloadKeepsItsAverageRate(t *testing.T) {
	for _, c := range []struct {
		rate float64
		span time.Duration
		want int
	}{
		{1000, 10 * time.Second, 10_000}, {333, time.Minute, 19_980}, {1, time.Minute, 60}, {0.1, 100 * time.Second, 10},
	} {
		t.Run(fmt.Sprint(c.rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newServer(t, vcsim.Config{Rate: c.rate})
				ctx, cancel := context.WithTimeout(t.Context(), c.span+minPause)
				defer cancel()
				if err := server.RunWorkload(ctx); err != nil {
					t.Fatal(err)
				}
				// what is due within the last pause may or may not be there
				slack := int(c.rate * minPause.Seconds())
				if n := server.Len(); n < c.want || n > c.want+slack {
					t.Errorf("%d events in %v, want %d and at most %d more", n, c.span, c.want, slack)
				}
			})
		})
	}
}

const minPause = 10 * time.Millisecond

func TestARateOfZeroAddsNothingOnceSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newServer(t, vcsim.Config{Rate: 100})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		done := make(chan error)
		go func() { done <- server.RunWorkload(ctx) }()
		<-time.After(10 * time.Second)
		if err := server.SetRate(0); err != nil {
			t.Error(err)
		}
		stopped := server.Len()
		<-time.After(10 * time.Second)
		if n := server.Len(); n != stopped || n < 999 {
			t.Errorf("%d events at the stop, %d later", stopped, n)
		}
		if err := server.SetRate(50); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := server.Len() - stopped; n < 498 || n > 501 {
			t.Errorf("%d events in 10 s at 50/s", n)
		}
	})
}

func TestEachKindOfTheWorkloadDecodesWithItsNestedContent(t *testing.T) {
	server := start(t, vcsim.Config{History: 2000})
	client := login(t, server)
	events := readAll(t, client, mustCollect(t, client, everything), 1000)
	sent := map[int32]types.BaseEvent{}
	for _, event := range server.Events(0) {
		sent[event.GetEvent().Key] = event
	}
	seen := map[string]bool{}
	for _, event := range events {
		original := sent[event.GetEvent().Key]
		if !reflect.DeepEqual(plain(event), plain(original)) {
			t.Fatalf("read\n%+v\nsent\n%+v", event, original)
		}
		seen[reflect.TypeOf(event).Elem().Name()] = true
		if ex, ok := event.(*types.EventEx); ok {
			seen[ex.EventTypeId] = true
		}
		if ex, ok := event.(*types.ExtendedEvent); ok {
			seen[ex.EventTypeId] = true
		}
	}
	for _, kind := range vcsim.Kinds() {
		if !seen[kind] {
			t.Errorf("no %s among %d events", kind, len(events))
		}
	}
	if len(vcsim.Kinds()) < 20 {
		t.Errorf("only %d kinds", len(vcsim.Kinds()))
	}
}

// plain is the event with its fault as a value, which is what decoding makes of the pointer that was sent.
func plain(event types.BaseEvent) types.BaseEvent {
	if ex, ok := event.(*types.EventEx); ok && ex.Fault != nil {
		fault := *ex.Fault
		if missing, ok := reflect.Indirect(reflect.ValueOf(fault.Fault)).Interface().(types.FileNotFound); ok {
			fault.Fault = &missing
		}
		ex.Fault = &fault
	}
	return event
}

func TestAPowerEventFlipsTheSimulatedMachine(t *testing.T) {
	server := start(t, vcsim.Config{})
	client := login(t, server)
	for _, class := range []string{"VmPoweredOffEvent", "VmPoweredOnEvent"} {
		control(t, server, "POST", "/control/events", `{"class":"`+class+`","vm":"DC0_H0_VM1"}`, 200)
		var event types.BaseEvent
		for _, last := range server.Events(server.Len() - 1) {
			event = last
		}
		var vm mo.VirtualMachine
		err := property.DefaultCollector(client.Client).RetrieveOne(t.Context(), event.GetEvent().Vm.Vm,
			[]string{"runtime.powerState", "summary.runtime.powerState"}, &vm)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]types.VirtualMachinePowerState{
			"VmPoweredOffEvent": "poweredOff", "VmPoweredOnEvent": "poweredOn",
		}[class]
		if vm.Runtime.PowerState != want || vm.Summary.Runtime.PowerState != want {
			t.Errorf("after %s the machine is %s, %s", class, vm.Runtime.PowerState, vm.Summary.Runtime.PowerState)
		}
	}
}
