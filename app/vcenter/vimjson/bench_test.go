package vimjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

const perPage = 1000

// benchPage is a page of 1,000 events of 24 classes as a vCenter writes them, about 1.1 kB each.
func benchPage(tb testing.TB) []byte {
	tb.Helper()
	var events []types.BaseEvent
	for i := range perPage {
		events = append(events, benchEvent(i))
	}
	all := page(tb, events, false)
	tb.Logf("%d bytes per event", len(all)/perPage)
	return all
}

var benchClasses = []types.BaseEvent{
	&types.VmPoweredOnEvent{}, &types.VmPoweredOffEvent{}, &types.VmCreatedEvent{}, &types.VmMigratedEvent{}, &types.VmRemovedEvent{},
	&types.VmStartingEvent{}, &types.VmStoppingEvent{}, &types.VmResettingEvent{}, &types.VmSuspendedEvent{}, &types.VmResumingEvent{},
	&types.VmRenamedEvent{}, &types.DrsVmMigratedEvent{}, &types.VmEmigratingEvent{}, &types.VmClonedEvent{}, &types.VmRegisteredEvent{},
	&types.TaskEvent{}, &types.AlarmStatusChangedEvent{}, &types.UserLoginSessionEvent{}, &types.HostConnectionLostEvent{},
	&types.EnteredMaintenanceModeEvent{}, &types.ExitMaintenanceModeEvent{}, &types.EventEx{}, &types.ExtendedEvent{}, &types.VmMacChangedEvent{},
}

func benchEvent(i int) types.BaseEvent {
	v := reflect.New(reflect.TypeOf(benchClasses[i%len(benchClasses)]).Elem())
	e := v.Interface().(types.BaseEvent)
	host, vm := "host-"+strconv.Itoa(20+i%40), "vm-"+strconv.Itoa(60+i%200)
	*e.GetEvent() = types.Event{
		Key: int32(200_000 + i), ChainId: int32(200_000 + i), //nolint:gosec // a thousand
		CreatedTime:     time.Date(2026, 11, 20, 10, 12, 24, 46512000, time.UTC).Add(time.Duration(i) * time.Millisecond),
		UserName:        "VSPHERE.LOCAL\\Administrator",
		Datacenter:      &types.DatacenterEventArgument{EntityEventArgument: named("DC0"), Datacenter: ref("Datacenter", "datacenter-2")},
		ComputeResource: &types.ComputeResourceEventArgument{EntityEventArgument: named("DC0_C0"), ComputeResource: ref("ClusterComputeResource", "domain-c30")},
		Host:            &types.HostEventArgument{EntityEventArgument: named("DC0_C0_" + host), Host: ref("HostSystem", host)},
		Vm:              &types.VmEventArgument{EntityEventArgument: named("DC0_C0_RP0_" + vm), Vm: ref("VirtualMachine", vm)},
		FullFormattedMessage: "Virtual machine DC0_C0_RP0_" + vm + " on DC0_C0_" + host +
			" in DC0 has changed its state as the user asked for in the maintenance window of this Friday, ticket CHG0042117; the " +
			"operation ran on the schedule of the cluster, took 4.2 s, and nothing has to be done by hand until the next window opens",
	}
	switch e := e.(type) {
	case *types.EventEx:
		e.EventTypeId, e.Severity = "com.vmware.vc.vm.VmStateFailedToRevertToSnapshot", "warning"
		e.Arguments = []types.KeyAnyValue{{Key: "latency", Value: int32(5)}, {Key: "device", Value: "naa.600508b1001c"}}
	case *types.ExtendedEvent:
		e.EventTypeId, e.ManagedObject = "com.vmware.cis.tagging.attach", ref("VirtualMachine", vm)
		e.Data = []types.ExtendedEventPair{{Key: "Tag", Value: "backup"}, {Key: "User", Value: "root"}}
	}
	return e
}

func named(name string) types.EntityEventArgument { return types.EntityEventArgument{Name: name} }

func ref(class, value string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: class, Value: value}
}

func BenchmarkTranscode(b *testing.B) { transcode(b, vimjson.Options{Recycle: true}) }

func BenchmarkTranscodeAndKeep(b *testing.B) { transcode(b, vimjson.Options{}) }

func BenchmarkTranscodePascalCase(b *testing.B) {
	transcode(b, vimjson.Options{Layout: vimjson.PascalCase, Recycle: true})
}

func transcode(b *testing.B, options vimjson.Options) {
	all := benchPage(b)
	in := bytes.NewReader(all)
	reader := vimjson.NewReader(in, options)
	measure(b, func() {
		in.Reset(all)
		reader.Reset(in)
		n := 0
		for {
			if _, err := reader.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != perPage {
			b.Fatal(n)
		}
	})
}

func BenchmarkGovmomi(b *testing.B) {
	all := benchPage(b)
	measure(b, func() {
		events, err := decode(all)
		if err != nil || len(events) != perPage {
			b.Fatal(err)
		}
		for _, e := range events {
			data, err := encode(vimjson.VIJSON, e)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := cloudEvent(e.GetEvent(), data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func cloudEvent(head *types.Event, data []byte) ([]byte, error) {
	e := event.New()
	e.SetID(strconv.Itoa(int(head.Key)))
	e.SetSource("https://vcenter.example.com/sdk")
	e.SetType("com.vmware.vsphere.event.v0")
	e.SetTime(head.CreatedTime)
	if err := e.SetData(event.ApplicationJSON, json.RawMessage(data)); err != nil {
		return nil, err
	}
	return json.Marshal(e)
}

// measure reports what an event costs: wall time, and processor time of all threads, garbage collector included.
func measure(b *testing.B, run func()) {
	b.ReportAllocs()
	began := spent(b)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		run()
	}
	runtime.ReadMemStats(&after)
	events := float64(b.N) * perPage
	b.ReportMetric(float64(b.Elapsed())/events, "ns/event")
	b.ReportMetric(float64(spent(b)-began)/events, "cpu-ns/event")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/events, "allocs/event")
}

func spent(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
