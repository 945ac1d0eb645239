//go:build e2e

package e2e_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/vcrelay/vcrelay/app/checkpoint"
	"github.com/vcrelay/vcrelay/app/publish"
	"github.com/vcrelay/vcrelay/app/relay"
	"github.com/vcrelay/vcrelay/app/relay/relaytest"
)

func TestDaprStateIsACheckpointStore(t *testing.T) {
	t.Parallel()
	stack := startStack(t, nil, "vcsim", "echo")
	dapr, hangUp, err := publish.Dial(stack.sidecar("vcrelay"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp()
	if err := checkpoint.NewStore(dapr, "checkpoints", lease).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	relaytest.CheckpointSuite(t, uuid.NewString(), lease, func() relay.Checkpoints {
		return checkpoint.NewStore(dapr, "checkpoints", lease)
	})
}
