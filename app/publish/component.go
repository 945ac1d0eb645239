package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dapr/go-sdk/client"
)

// metadataTimeout bounds the question for the sidecar's components.
const metadataTimeout = 5 * time.Second

// ErrUnfit means that the sidecar has no such component, or one that cannot do what is asked of it; no retry mends that.
var ErrUnfit = errors.New("unfit target")

// component is the sidecar's component of that name that fits, nil where there is none.
func component(ctx context.Context, dapr client.Client, name string, fits func(*client.MetadataRegisteredComponents) bool) (*client.MetadataRegisteredComponents, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	answer, err := dapr.GetMetadata(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the sidecar for its components: %w", err)
	}
	for _, candidate := range answer.RegisteredComponents {
		if candidate.Name == name && fits(candidate) {
			return candidate, nil
		}
	}
	return nil, nil
}
