package publish

import (
	"context"
	"fmt"

	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// Dial returns a client of the sidecar's gRPC API at address. It neither blocks nor fails while the sidecar is away: a
// call then fails, and a later one finds the sidecar that came back. Each call carries token (Dapr's DAPR_API_TOKEN)
// unless it is empty.
func Dial(address, token string) (client.Client, func(), error) {
	client.SetLogger(nil) // it prints to standard output
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(newCodec())),
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
