package eventbridge

import (
	"context"
	"errors"
	"sync"

	components "github.com/dapr/dapr/pkg/proto/components/v1"
	"github.com/rs/zerolog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// instance is the metadata by which a sidecar says for which of its components it calls (dapr v1.18.0, pkg/components/pluggable).
const instance = "x-component-instance"

// service is what sidecars call: Dapr's PubSub, without subscriptions.
type service struct {
	components.UnimplementedPubSubServer
	log    zerolog.Logger
	memory memory

	mu    sync.Mutex
	buses map[string]*bus // by the name of the component
}

// Init is called once for each component file when a sidecar starts. An error ends that sidecar.
func (s *service) Init(ctx context.Context, request *components.PubSubInitRequest) (*components.PubSubInitResponse, error) {
	name := nameOf(ctx)
	said, err := parseSettings(request.GetMetadata().GetProperties())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	made, err := s.open(ctx, name, said)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if err := s.memory.keep(name, &said); err != nil {
		s.log.Warn().Err(err).Str("component", name).Msg("a restart of this process will need one of the sidecar")
	}
	s.log.Info().Str("component", name).Str("bus", said.EventBusName).Str("region", made.client.Options().Region).Msg("event bus ready")
	return &components.PubSubInitResponse{}, nil
}

func (s *service) open(ctx context.Context, name string, said settings) (*bus, error) {
	client, err := said.connect(ctx)
	if err != nil {
		return nil, err
	}
	made := &bus{client: client, settings: said}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buses == nil {
		s.buses = make(map[string]*bus)
	}
	s.buses[name] = made
	return made, nil
}

// bus is that of the component for which a sidecar calls.
func (s *service) bus(ctx context.Context) (*bus, error) {
	name := nameOf(ctx)
	s.mu.Lock()
	known := s.buses[name]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	said, err := s.memory.recall(name)
	if err == nil {
		known, err = s.open(ctx, name, said)
	}
	if err != nil {
		return nil, status.Errorf(codes.FailedPrecondition, "component %s has no settings since this process was started again (%s); restart the sidecar, "+
			"and give the process its credentials by AWS_ACCESS_KEY_ID, a profile or a role, which need no restart", name, err)
	}
	return known, nil
}

// Features says that a bulk request comes whole, with the failure of each entry as the answer.
func (*service) Features(context.Context, *components.FeaturesRequest) (*components.FeaturesResponse, error) {
	return &components.FeaturesResponse{Features: []string{"BULK_PUBSUB"}}, nil
}

// Ping answers while the process lives.
func (*service) Ping(context.Context, *components.PingRequest) (*components.PingResponse, error) {
	return &components.PingResponse{}, nil
}

// Publish puts one event.
func (s *service) Publish(ctx context.Context, request *components.PublishRequest) (*components.PublishResponse, error) {
	b, err := s.bus(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.put(ctx, request.GetTopic(), [][]byte{request.GetData()})[0]; err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return &components.PublishResponse{}, nil
}

// BulkPublish puts many events, and answers with those that were refused. When that are all of them it is an error with the first
// reason: of an answer, Dapr's clients in Go tell no reasons, and the relay wants one for a dead letter, which it publishes alone.
func (s *service) BulkPublish(ctx context.Context, request *components.BulkPublishRequest) (*components.BulkPublishResponse, error) {
	b, err := s.bus(ctx)
	if err != nil {
		return nil, err
	}
	events := make([][]byte, len(request.GetEntries()))
	for i, entry := range request.GetEntries() {
		events[i] = entry.GetEvent()
	}
	answer := &components.BulkPublishResponse{}
	var reasons []error
	for i, err := range b.put(ctx, request.GetTopic(), events) {
		if err != nil {
			reasons = append(reasons, err)
			answer.FailedEntries = append(answer.FailedEntries, &components.BulkPublishResponseFailedEntry{
				EntryId: request.GetEntries()[i].GetEntryId(), Error: err.Error(),
			})
		}
	}
	switch {
	case len(reasons) == 0:
	case len(reasons) == len(events):
		return nil, status.Error(codes.Unavailable, reasons[0].Error())
	default: // nobody else will say why
		s.log.Warn().Err(reasons[0]).Str("topic", request.GetTopic()).Int("refused", len(reasons)).Int("of", len(events)).Msg("events refused")
	}
	return answer, nil
}

// PullMessages refuses subscriptions.
func (*service) PullMessages(components.PubSub_PullMessagesServer) error {
	return status.Error(codes.Unimplemented, errNoSubscription.Error())
}

var errNoSubscription = errors.New("EventBridge cannot be subscribed to: give a rule an SQS queue as its target, or take components/aws-snssqs")

func nameOf(ctx context.Context) string {
	incoming, _ := metadata.FromIncomingContext(ctx)
	if names := incoming.Get(instance); len(names) > 0 {
		return names[0]
	}
	return ""
}
