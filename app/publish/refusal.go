package publish

import (
	"context"
	"regexp"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// refusal is a gRPC error as people read it: the reason alone, on one line. Its code and details are still there for
// status.FromError.
type refusal struct{ status *status.Status }

func (r *refusal) GRPCStatus() *status.Status { return r.status }

func (r *refusal) Error() string {
	text := strings.Join(strings.Fields(transportWords.ReplaceAllString(r.status.Message(), "")), " ")
	return strings.TrimSuffix(text, `"`)
}

// transportWords is what gRPC puts around the reason why there is no connection.
var transportWords = regexp.MustCompile(`(last )?connection error: desc = "transport: (Error while dialing: )?|error reading server preface: `)

// shortenErrors makes a refusal of each failed call.
func shortenErrors(ctx context.Context, method string, request, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	err := invoke(ctx, method, request, reply, cc, options...)
	if failed, ok := status.FromError(err); ok && err != nil {
		return &refusal{failed}
	}
	return err
}
