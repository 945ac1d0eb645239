package publish_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dapr/go-sdk/client"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

// sidecar is one with a single component, which answers calls with answer.
type sidecar struct {
	client.Client // all that is not below
	component     *client.MetadataRegisteredComponents
	answer        func(*client.InvokeBindingRequest) (*client.BindingEvent, error)

	mu    sync.Mutex
	calls []*client.InvokeBindingRequest
}

func newSidecar(name, componentType string, capabilities ...string) *sidecar {
	return &sidecar{
		component: &client.MetadataRegisteredComponents{Name: name, Type: componentType, Capabilities: capabilities},
		answer:    func(*client.InvokeBindingRequest) (*client.BindingEvent, error) { return status("200"), nil },
	}
}

func status(code string) *client.BindingEvent {
	return &client.BindingEvent{Metadata: map[string]string{"statusCode": code}}
}

func (s *sidecar) GetMetadata(context.Context) (*client.GetMetadataResponse, error) {
	return &client.GetMetadataResponse{RegisteredComponents: []*client.MetadataRegisteredComponents{s.component}}, nil
}

func (s *sidecar) InvokeBinding(ctx context.Context, request *client.InvokeBindingRequest) (*client.BindingEvent, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.mu.Lock()
	s.calls = append(s.calls, request)
	s.mu.Unlock()
	return s.answer(request)
}

// letters is where dead letters go.
type letters struct {
	mu    sync.Mutex
	taken []event.Event
	unfit error
}

func (l *letters) Check(context.Context) error { return l.unfit }

func (l *letters) Publish(ctx context.Context, events []event.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken = append(l.taken, events...)
	return ctx.Err()
}

func checked(t *testing.T, s *sidecar, options publish.BindingOptions) *publish.Binding {
	t.Helper()
	options.Component = s.component.Name
	if options.Operation == "" {
		options.Operation = "create"
	}
	b := publish.NewBinding(s, options)
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

var vmOn = event.Event{
	Origin: &event.Origin{InstanceUUID: "3c0f7a10", Source: "https://vc/sdk", Name: "Zürich 1", APIVersion: "8.0.3.0"},
	Key:    7, Created: time.Date(2026, 11, 20, 23, 30, 0, 5000, time.UTC), Class: "VmPoweredOnEvent", Late: true,
	Entity: event.Ref{Type: "VirtualMachine", Value: "vm-62"}, Data: []byte(`{"key":7,"name":"a \"b\" <c> é"}`),
}

func TestEachKindOfBindingGetsTheMetadataThatItLooksAt(t *testing.T) {
	const (
		structured = event.ContentType
		object     = "2026-11-20/3c0f7a10-7-1795217400000005.json"
	)
	for componentType, want := range map[string]map[string]string{
		"bindings.http":                    {"Content-Type": structured, "errorIfNot2XX": "false"},
		"bindings.kafka":                   {"content-type": structured, "partitionKey": vmOn.PartitionKey()},
		"bindings.aws.kinesis":             {"partitionKey": vmOn.PartitionKey()},
		"bindings.aws.sqs":                 {},
		"bindings.azure.eventhubs":         {"contentType": structured, "partitionKey": vmOn.PartitionKey()},
		"bindings.azure.servicebusqueues":  {"ContentType": structured, "MessageId": vmOn.ID()},
		"bindings.aws.s3":                  {"Content-Type": structured, "key": object},
		"bindings.azure.blobstorage":       {"contentType": structured, "blobName": object},
		"bindings.gcp.bucket":              {"contentType": structured, "key": object},
		"bindings.localstorage":            {"fileName": object},
		"bindings.vcrelay.eventbridge":     {"Content-Type": structured, "partitionKey": vmOn.PartitionKey()},
		"bindings.azure.servicebus.queues": {"ContentType": structured, "MessageId": vmOn.ID()},
	} {
		s := newSidecar("there", componentType, "OUTPUT_BINDING")
		if err := checked(t, s, publish.BindingOptions{}).Publish(t.Context(), []event.Event{vmOn}); err != nil {
			t.Errorf("%s: %v", componentType, err)
			continue
		}
		call := s.calls[0]
		if !maps.Equal(call.Metadata, want) {
			t.Errorf("%s gets %q, want %q", componentType, call.Metadata, want)
		}
		if string(call.Data) != string(event.AppendCloudEvent(nil, &vmOn)) || call.Operation != "create" || call.Name != "there" {
			t.Errorf("%s gets %+v", componentType, call)
		}
	}
}

func TestWhatTheTargetSaysGoesBeforeWhatIsUsual(t *testing.T) {
	s := newSidecar("archive", "bindings.aws.s3", "OUTPUT_BINDING")
	b := checked(t, s, publish.BindingOptions{Metadata: map[string]string{"key": "{vcname}/{hour}/{name}", "storageClass": "GLACIER"}})
	if err := b.Publish(t.Context(), []event.Event{vmOn}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"key": "Z%C3%BCrich%201/23/VmPoweredOnEvent", "storageClass": "GLACIER", "Content-Type": event.ContentType}
	if got := s.calls[0].Metadata; !maps.Equal(got, want) {
		t.Errorf("metadata is %q", got)
	}
}

// CloudEvents' HTTP protocol binding: attributes in headers, percent-encoded; Dapr drops a header whose name begins small.
func TestInBinaryModeTheAttributesAreBesideTheData(t *testing.T) {
	e := vmOn
	e.Refusal = "50 % \"no\"\r\nX-Admin: 1 €"
	common := func(prefix string, vcname, refusal string) map[string]string {
		want := make(map[string]string)
		for name, value := range map[string]string{
			"specversion": "1.0", "id": e.ID(), "source": "https://vc/sdk", "type": e.Type(), "subject": "VmPoweredOnEvent",
			"time": "2026-11-20T23:30:00.000005Z", "eventclass": "event", "vsphereapiversion": "8.0.3.0", "vcenter": "3c0f7a10", "vcname": vcname,
			"entity": "VirtualMachine:vm-62", "partitionkey": e.PartitionKey(), "sequence": e.Sequence(), "late": "true", "refusal": refusal,
		} {
			want[prefix+name] = value
		}
		return want
	}
	overHTTP := common("Ce-", "Z%C3%BCrich%201", "50%20%25%20%22no%22%0D%0AX-Admin:%201%20%E2%82%AC")
	overHTTP["Content-Type"], overHTTP["errorIfNot2XX"] = "application/json", "false"
	overKafka := common("ce_", "Zürich 1", e.Refusal)
	overKafka["content-type"], overKafka["partitionKey"] = "application/json", e.PartitionKey()
	for componentType, want := range map[string]map[string]string{"bindings.http": overHTTP, "bindings.kafka": overKafka} {
		s := newSidecar("there", componentType, "OUTPUT_BINDING")
		if err := checked(t, s, publish.BindingOptions{Binary: true}).Publish(t.Context(), []event.Event{e}); err != nil {
			t.Fatal(err)
		}
		call := s.calls[0]
		for name, value := range want {
			if call.Metadata[name] != value {
				t.Errorf("%s: %s is %q, want %q", componentType, name, call.Metadata[name], value)
			}
		}
		if len(call.Metadata) != len(want) || string(call.Data) != string(e.Data) {
			t.Errorf("%s gets %q, %s", componentType, call.Metadata, call.Data)
		}
	}
}

// Only a good status is a success: the component may be told not to make an error of a bad one.
func TestOnlyAGoodStatusIsAnAcknowledgement(t *testing.T) {
	for name, check := range map[string]struct {
		answer *client.BindingEvent
		err    error
		want   string // of the error, "" for none
	}{
		"200":          {status("200"), nil, ""},
		"202":          {status("202"), nil, ""},
		"204":          {status("204"), nil, ""},
		"199":          {status("199"), nil, "answered 199"},
		"304":          {status("304"), nil, "answered 304 Not Modified"},
		"404":          {status("404"), nil, "answered 404 Not Found"},
		"500":          {status("500"), nil, "answered 500 Internal Server Error"},
		"with reason":  {&client.BindingEvent{Data: []byte("no such\x00\r\nmachine \xff" + strings.Repeat("x", 10_000)), Metadata: map[string]string{"statusCode": "422"}}, nil, "answered 422 Unprocessable Entity: no such machine xx"},
		"none":         {&client.BindingEvent{}, nil, "nobody said"},
		"no answer":    {nil, nil, "nobody said"},
		"unreadable":   {status("two hundred"), nil, "nobody said"},
		"no operation": {nil, errors.New("binding there does not support operation put. supported operations:create"), "set operation= in VCRELAY_TARGET"},
		"no sidecar":   {nil, errors.New("connection refused"), "there: connection refused"},
	} {
		s := newSidecar("there", "bindings.http", "OUTPUT_BINDING")
		s.answer = func(*client.InvokeBindingRequest) (*client.BindingEvent, error) { return check.answer, check.err }
		err := checked(t, s, publish.BindingOptions{Operation: "post"}).Publish(t.Context(), []event.Event{vmOn})
		switch {
		case check.want == "" && err != nil, check.want != "" && (err == nil || !strings.Contains(err.Error(), check.want)):
			t.Errorf("%s: %v, want %q", name, err, check.want)
		case err != nil && (len(err.Error()) > 400 || strings.ContainsAny(err.Error(), "\r\n\x00")):
			t.Errorf("%s: %d bytes of error: %.300q", name, len(err.Error()), err)
		}
	}
}

func TestOneEventThatIsRefusedIsTheErrorOfAllAndTheOthersAreTried(t *testing.T) {
	s := newSidecar("there", "bindings.http", "OUTPUT_BINDING")
	events := []event.Event{relaytest.NewEvent(1, "vm-1"), relaytest.NewEvent(2, "vm-2"), relaytest.NewEvent(3, "vm-3")}
	s.answer = func(request *client.InvokeBindingRequest) (*client.BindingEvent, error) {
		for i, code := range []string{"500", "200", "404"} {
			if strings.Contains(string(request.Data), events[i].ID()) {
				return status(code), nil
			}
		}
		return nil, errors.New("another event")
	}
	err := checked(t, s, publish.BindingOptions{Operation: "post"}).Publish(t.Context(), events)
	if err == nil || len(s.calls) != 3 || !strings.Contains(err.Error(), "answered 500") || !strings.Contains(err.Error(), "answered 404") {
		t.Errorf("%d calls, error %v", len(s.calls), err)
	}
}

func TestABindingThatCannotTakeEventsIsNotUsed(t *testing.T) {
	const output = "OUTPUT_BINDING"
	for name, check := range map[string]struct {
		sidecar *sidecar
		options publish.BindingOptions
		remedy  string
	}{
		"another name":                        {newSidecar("other", "bindings.http", output), publish.BindingOptions{}, "add the component"},
		"a pub/sub component":                 {newSidecar("there", "pubsub.kafka"), publish.BindingOptions{}, "add the component"},
		"one for input only":                  {newSidecar("there", "bindings.cron", "INPUT_BINDING"), publish.BindingOptions{}, "add the component"},
		"an operation that stores nothing":    {newSidecar("there", "bindings.aws.s3", output), publish.BindingOptions{Operation: "presign"}, "one of create"},
		"an operation of another kind":        {newSidecar("there", "bindings.kafka", output), publish.BindingOptions{Operation: "post"}, "one of create"},
		"a read over HTTP":                    {newSidecar("there", "bindings.http", output), publish.BindingOptions{Operation: "get"}, "one of create, post, put, patch"},
		"no place for attributes":             {newSidecar("there", "bindings.aws.s3", output), publish.BindingOptions{Binary: true}, "VCRELAY_MODE=structured"},
		"says yes before the broker does":     {newSidecar("there", "bindings.rabbitmq", output), publish.BindingOptions{}, "pubsub.rabbitmq"},
		"drops what it is given (SNS)":        {newSidecar("there", "bindings.aws.sns", output), publish.BindingOptions{}, "pubsub.aws.snssqs"},
		"drops what it is given (SQL)":        {newSidecar("there", "bindings.postgresql", output), publish.BindingOptions{Operation: "exec"}, "use a function"},
		"no component for the dead letters":   {newSidecar("there", "bindings.http", output), publish.BindingOptions{Letters: &letters{unfit: publish.ErrUnfit}}, "VCRELAY_DEADLETTER"},
		"dead letters to one that is refused": {newSidecar("there", "bindings.http", output), publish.BindingOptions{Letters: publish.NewBinding(newSidecar("x", "bindings.mysql", output), publish.BindingOptions{Component: "x"})}, "VCRELAY_DEADLETTER"},
	} {
		options := check.options
		options.Component = "there"
		if options.Operation == "" {
			options.Operation = "create"
		}
		err := publish.NewBinding(check.sidecar, options).Check(t.Context())
		if !errors.Is(err, publish.ErrUnfit) || !strings.Contains(err.Error(), check.remedy) {
			t.Errorf("%s: %v, want %q", name, err, check.remedy)
		}
	}
}

func TestNothingIsSentBeforeItIsKnownHow(t *testing.T) {
	s := newSidecar("there", "bindings.http", "OUTPUT_BINDING")
	b := publish.NewBinding(s, publish.BindingOptions{Component: "there", Operation: "post"})
	if err := b.Publish(t.Context(), []event.Event{vmOn}); err == nil || len(s.calls) > 0 {
		t.Errorf("%d calls, error %v", len(s.calls), err)
	}
}

func TestWithoutAPlaceForDeadLettersNothingIsSetAside(t *testing.T) {
	s := newSidecar("there", "bindings.http", "OUTPUT_BINDING")
	err := checked(t, s, publish.BindingOptions{}).SetAside(t.Context(), &vmOn, "answered 500")
	if err == nil || !strings.Contains(err.Error(), "VCRELAY_DEADLETTER") {
		t.Errorf("error %v", err)
	}
}

func TestABindingIsAPublisher(t *testing.T) {
	s, aside := newSidecar("there", "bindings.http", "OUTPUT_BINDING"), &letters{}
	var mu sync.Mutex
	var taken []relaytest.Message
	var refused []string
	held := make(chan struct{})
	close(held)
	s.answer = func(request *client.InvokeBindingRequest) (*client.BindingEvent, error) {
		message := relaytest.ParseMessage(slices.Clone(request.Data))
		mu.Lock()
		defer mu.Unlock()
		if slices.Contains(refused, message.ID) {
			return status("422"), nil
		}
		taken = append(taken, message)
		return status("202"), nil
	}
	gate := &gated{Client: s, held: held}
	b := publish.NewBinding(gate, publish.BindingOptions{Component: "there", Operation: "post", Letters: aside})
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := int32(1 << 20)
	relaytest.PublisherSuite(t, relaytest.Target{
		Publisher: b,
		Refused: func() event.Event {
			next++
			e := relaytest.NewEvent(next, "vm-1")
			mu.Lock()
			defer mu.Unlock()
			refused = append(refused, e.ID())
			return e
		},
		Taken: func() []relaytest.Message { mu.Lock(); defer mu.Unlock(); return slices.Clone(taken) },
		Aside: func() []relaytest.Message {
			var all []relaytest.Message
			for i := range aside.taken {
				all = append(all, relaytest.ParseMessage(event.AppendCloudEvent(nil, &aside.taken[i])))
			}
			return all
		},
		Hold: gate.hold,
	})
}

// gated holds calls back.
type gated struct {
	client.Client
	mu   sync.Mutex
	held chan struct{} // closed while nothing is held
}

func (g *gated) hold() (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	held := make(chan struct{})
	g.held = held
	return func() { close(held) }
}

func (g *gated) InvokeBinding(ctx context.Context, request *client.InvokeBindingRequest) (*client.BindingEvent, error) {
	g.mu.Lock()
	held := g.held
	g.mu.Unlock()
	select {
	case <-held:
		return g.Client.InvokeBinding(ctx, request)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
