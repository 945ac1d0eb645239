package cli

import (
	"time"

	"github.com/spf13/cobra"
)

// Up is how `vcrelay up` was called.
type Up struct {
	File    string        // run file
	Dir     string        // data of this machine's run
	Backend string        // folder of components to use in place of the run file's, "" for that
	For     time.Duration // stop and count after this; 0: until interrupted

	BuildOnly bool // only find or build the sidecar and the broker
}

func newUp(actions Actions) *cobra.Command {
	var options Up
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything in dapr.yaml on this machine: broker, sidecars, apps",
		Long: `Reads the run file of the Dapr CLI and runs it here, without the Dapr CLI, Docker or Kubernetes: a NATS JetStream
broker, one Dapr sidecar for each app on free ports, and the apps. Ctrl-C stops all of it. What it needs and
does not find (daprd 1.18, the broker) it builds once from Go modules.

With --backend kafka, components/kafka takes the place of components/nats. Where a component's broker answers at
its address on this machine, it is used, but for NATS; else one is started, by test/backends/brokers/<broker>.sh, which also
installs it (--install).

With VCRELAY_VCENTER_URL set, a real vCenter is relayed and the simulated one is left out.

With --for, it stops by itself and counts: which events of the simulated vCenter's own log arrived at the
function. Anything missing is exit code 1.`,
		Example: `  vcrelay up
  vcrelay up --for 20s
  vcrelay up --backend kafka`,
		Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return actions.Up(cmd.Context(), options) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&options.File, "file", "f", "dapr.yaml", "run file")
	flags.StringVar(&options.Dir, "dir", ".vcrelay", "folder for the data of the broker and the state store")
	flags.StringVar(&options.Backend, "backend", "", "folder below components/ to use (default: that of the run file)")
	flags.BoolVar(&options.BuildOnly, "build-only", false, "find or build the sidecar and the broker, say where they are, and end")
	flags.DurationVar(&options.For, "for", 0, "stop after this time and count what arrived")
	return cmd
}
