package vimjson_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding/format"
	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// The benchmarks begin with a page of XML in memory. BenchmarkTranscode and BenchmarkGovmomi end with the same CloudEvents
// of the events (TestBothBenchmarksMakeTheSameCloudEvents), each of them made as its users make them:
//
//   - Transcode: a Reader with recycled memory, and event.AppendCloudEvent into one buffer for all.
//   - Govmomi: its client's decoder with its structs, its VI/JSON encoder, and an event of the CloudEvents SDK with the JSON
//     that its HTTP binding sends. The SDK gets data as it is and does not encode it once more, as it would in SetData.
//
// The other benchmarks leave the CloudEvents out.

const perPage = 1000

// benchPage is a page of 1,000 events of 24 classes as a vCenter writes them, about 1.1 kB each.
func benchPage(tb testing.TB) []byte {
	tb.Helper()
	var events []types.BaseEvent
	for i := range perPage {
		events = append(events, benchEvent(i))
	}
	return page(tb, events, false)
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
	host, vm, ds := "host-"+strconv.Itoa(20+i%40), "vm-"+strconv.Itoa(60+i%200), "datastore-"+strconv.Itoa(12+i%8)
	*e.GetEvent() = types.Event{
		Key: int32(200_000 + i), ChainId: int32(200_000 + i), //nolint:gosec // a thousand
		CreatedTime:     time.Date(2026, 11, 20, 10, 12, 24, 46512000, time.UTC).Add(time.Duration(i) * time.Millisecond),
		UserName:        "VSPHERE.LOCAL\\Administrator",
		Datacenter:      &types.DatacenterEventArgument{EntityEventArgument: named("DC0"), Datacenter: ref("Datacenter", "datacenter-2")},
		ComputeResource: &types.ComputeResourceEventArgument{EntityEventArgument: named("DC0_C0"), ComputeResource: ref("ClusterComputeResource", "domain-c30")},
		Host:            &types.HostEventArgument{EntityEventArgument: named("DC0_C0_" + host), Host: ref("HostSystem", host)},
		Vm:              &types.VmEventArgument{EntityEventArgument: named("DC0_C0_RP0_" + vm), Vm: ref("VirtualMachine", vm)},
		Ds:              &types.DatastoreEventArgument{EntityEventArgument: named("LocalDS_" + ds), Datastore: ref("Datastore", ds)},
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

func BenchmarkTranscode(b *testing.B) {
	each, page := transcoder(b, vimjson.Options{Recycle: true}), benchPage(b)
	var made []byte
	measure(b, func() {
		each(page, func(e *vimjson.Event) { made = event.AppendCloudEvent(made[:0], transcoded(e)) })
	})
}

func BenchmarkTranscodeOnly(b *testing.B) { transcode(b, vimjson.Options{Recycle: true}) }

func BenchmarkTranscodeAndKeep(b *testing.B) { transcode(b, vimjson.Options{}) }

func BenchmarkTranscodePascalCase(b *testing.B) {
	transcode(b, vimjson.Options{Layout: vimjson.PascalCase, Recycle: true})
}

func BenchmarkGovmomi(b *testing.B) {
	page := benchPage(b)
	measure(b, func() { eachOfGovmomi(b, page, func([]byte) {}) })
}

// BenchmarkTranscodeBesideGovmomi takes turns with both, so that what else the machine does meets both. It reports medians
// of the turns, of which there are as many as there are iterations.
func BenchmarkTranscodeBesideGovmomi(b *testing.B) {
	const pages = 25 // of ours for one of govmomi's: about the same time
	each, page := transcoder(b, vimjson.Options{Recycle: true}), benchPage(b)
	var made []byte
	var ours, only, govmomis, ratios []float64
	for b.Loop() {
		a := perEvent(b, pages, func() {
			each(page, func(e *vimjson.Event) { made = event.AppendCloudEvent(made[:0], transcoded(e)) })
		})
		o := perEvent(b, pages, func() { each(page, func(*vimjson.Event) {}) })
		g := perEvent(b, 1, func() { eachOfGovmomi(b, page, func([]byte) {}) })
		ours, only, govmomis, ratios = append(ours, a), append(only, o), append(govmomis, g), append(ratios, g/a)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ours)/1e3, "transcode-us/event")
	b.ReportMetric(median(only)/1e3, "transcode-only-us/event")
	b.ReportMetric(median(govmomis)/1e3, "govmomi-us/event")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(float64(len(page))/perPage, "XML-B/event")
}

// perEvent is the processor time of an event, in nanoseconds, without what others have left to the garbage collector.
func perEvent(b *testing.B, pages int, read func()) float64 {
	runtime.GC()
	before := spent(b)
	for range pages {
		read()
	}
	return float64(spent(b)-before) / float64(pages*perPage)
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

func TestBothBenchmarksMakeTheSameCloudEvents(t *testing.T) {
	page := benchPage(t)
	var want [][]byte
	eachOfGovmomi(t, page, func(made []byte) { want = append(want, made) })
	transcoder(t, vimjson.Options{Recycle: true})(page, func(e *vimjson.Event) {
		got := event.AppendCloudEvent(nil, transcoded(e))
		if err := same(got, want[0], vimjson.VIJSON, map[string]int{}); err != nil {
			t.Fatalf("%v\ngot  %s\nwant %s", err, got, want[0])
		}
		want = want[1:]
	})
}

func transcode(b *testing.B, options vimjson.Options) {
	each, page := transcoder(b, options), benchPage(b)
	measure(b, func() { each(page, func(*vimjson.Event) {}) })
}

// transcoder calls do for each event of a page.
func transcoder(tb testing.TB, options vimjson.Options) func(page []byte, do func(*vimjson.Event)) {
	in := bytes.NewReader(nil)
	reader := vimjson.NewReader(in, options)
	return func(page []byte, do func(*vimjson.Event)) {
		in.Reset(page)
		reader.Reset(in)
		var e vimjson.Event
		var err error
		for n := 0; ; n++ {
			e, err = reader.Next()
			if errors.Is(err, io.EOF) && n == perPage {
				return
			}
			if err != nil {
				tb.Fatalf("after %d events: %v", n, err)
			}
			do(&e)
		}
	}
}

var origin = &event.Origin{
	InstanceUUID: "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b", Source: "https://vcenter.example.com/sdk", Name: "vcenter.example.com", APIVersion: "8.0.3.0",
}

// transcoded is what package vcenter makes of an event.
func transcoded(e *vimjson.Event) *event.Event {
	return &event.Event{
		Origin: origin, Key: e.Key, Created: e.Created, Class: e.Class, TypeID: e.TypeID, Entity: e.Entity(), Severity: e.Severity, Data: e.Data,
	}
}

func eachOfGovmomi(tb testing.TB, page []byte, do func(made []byte)) {
	events, err := decode(page)
	if err != nil || len(events) != perPage {
		tb.Fatalf("got %d events, %v", len(events), err)
	}
	for _, e := range events {
		data, err := encode(vimjson.VIJSON, e)
		if err != nil {
			tb.Fatal(err)
		}
		about := cloudEvent(e, data)
		made, err := format.JSON.Marshal(&about)
		if err != nil {
			tb.Fatal(err)
		}
		do(made)
	}
}

func cloudEvent(base types.BaseEvent, data []byte) cloudevents.Event {
	head := base.GetEvent()
	about := event.Event{
		Origin: origin, Key: head.Key, Created: head.CreatedTime, Class: reflect.TypeOf(base).Elem().Name(),
		Entity: event.Ref{Type: head.Vm.Vm.Type, Value: head.Vm.Vm.Value},
	}
	class := "event"
	switch e := base.(type) {
	case *types.EventEx:
		about.TypeID, about.Severity, class = e.EventTypeId, e.Severity, "eventex"
	case *types.ExtendedEvent:
		about.TypeID, class = e.EventTypeId, "extendedevent"
	}
	e := cloudevents.New()
	e.SetID(about.ID())
	e.SetSource(origin.Source)
	e.SetType(about.Type())
	e.SetSubject(about.Name())
	e.SetTime(head.CreatedTime)
	e.SetExtension("eventclass", class)
	e.SetExtension("vsphereapiversion", origin.APIVersion)
	e.SetExtension("vcenter", origin.InstanceUUID)
	e.SetExtension("vcname", origin.Name)
	e.SetExtension("entity", about.Entity.String())
	e.SetExtension("partitionkey", about.PartitionKey())
	e.SetExtension("sequence", about.Sequence())
	if about.Severity != "" {
		e.SetExtension("severity", about.Severity)
	}
	e.SetDataContentType(cloudevents.ApplicationJSON)
	e.DataEncoded = data
	return e
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
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
