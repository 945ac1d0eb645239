package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// metadataTimeout bounds the question for the sidecar's components.
const metadataTimeout = 5 * time.Second

// ErrUnfit means that the sidecar has no such component; no retry mends that.
var ErrUnfit = errors.New("unfit target")

// Dial returns a client of the sidecar's gRPC API at address. It neither blocks nor fails while the sidecar is away: a
// call then fails, and a later one finds the sidecar that came back. Each call carries token (Dapr's DAPR_API_TOKEN)
// unless it is empty.
func Dial(address, token string) (client.Client, func(), error) {
	client.SetLogger(nil) // it prints to standard output
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(shortenErrors, sendToken(token)))
	if err != nil {
		return nil, nil, fmt.Errorf("sidecar address %s: %w", address, err)
	}
	return client.NewClientWithConnection(connection), func() { _ = connection.Close() }, nil
}

func sendToken(token string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, request, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "dapr-api-token", token)
		}
		return invoke(ctx, method, request, reply, cc, options...)
	}
}

// inOrder are the components that store the events of a bulk request in their order. All others publish them in parallel.
var inOrder = []string{"pubsub.kafka", "pubsub.azure.servicebus.topics", "pubsub.azure.servicebus.queues", "pubsub.azure.eventhubs"}

// KeepsOrder tells, after Check, whether the events of one call of Publish are stored in their order.
func (p *PubSub) KeepsOrder() bool { return p.keepsOrder }

// Check returns an error when the sidecar has no such pub/sub component.
func (p *PubSub) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	answer, err := p.dapr.GetMetadata(ctx)
	if err != nil {
		return fmt.Errorf("ask the sidecar for its components: %w", err)
	}
	for _, component := range answer.RegisteredComponents {
		if component.Name == p.component && strings.HasPrefix(component.Type, "pubsub.") {
			p.keepsOrder = slices.Contains(inOrder, component.Type)
			return nil
		}
	}
	return fmt.Errorf("%w: the sidecar has no pub/sub component %q; add it to its resources folder (see components/nats) or set VCRELAY_TARGET",
		ErrUnfit, p.component)
}
