package cli

import "github.com/spf13/cobra"

func newComponent(actions Actions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "component",
		Short: "Run a component for a Dapr sidecar that has none of its own for a backend",
		Long: `Serves a Dapr pluggable component on a socket in DAPR_COMPONENTS_SOCKETS_FOLDER (unset: /tmp/dapr-components-sockets). A
sidecar looks there once, so start the component before the sidecar, with the same folder.`,
		Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "eventbridge",
		Short: "Amazon EventBridge, as pubsub.vcrelay.eventbridge",
		Long: `Puts events on an event bus of Amazon EventBridge, for component files of the type pubsub.vcrelay.eventbridge; see
components/aws-eventbridge. Region and credentials are those of the component file, else what the AWS SDK finds here:
AWS_REGION, AWS_ACCESS_KEY_ID, a profile, a role.`,
		Example: "  AWS_REGION=eu-central-1 vcrelay component eventbridge",
		Args:    exactly(0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return actions.EventBridge(cmd.Context()) },
	})
	return cmd
}
