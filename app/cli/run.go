package cli

import "github.com/spf13/cobra"

func newRun(actions Actions) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Relay the events of one vCenter (what a container or a service runs)",
		Long: `Logs in to vCenter, reads its events from the stored position on, publishes them through the Dapr sidecar, and
stores the position after each batch that the broker has acknowledged. SIGTERM lets the batch in flight finish.

It is configured by the environment; the README has the table. The least it needs:

  VCRELAY_VCENTER_URL=https://vcenter.example.com
  VCRELAY_VCENTER_USERNAME=relay@vsphere.local
  VCRELAY_VCENTER_PASSWORD_FILE=/run/secrets/vcenter-password

Beside it runs a Dapr sidecar with a pub/sub component "events" and a state store "checkpoints", such as
components/nats has. GET /healthz, /readyz and /metrics answer on VCRELAY_LISTEN.`,
		Example: `  dapr run --app-id vcrelay --resources-path components/nats -- vcrelay run`,
		Args:    exactly(0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return actions.Run(cmd.Context()) },
	}
}
