package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vcrelay/vcrelay/functions"
)

func newFunction(actions Actions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "function <name>",
		Short: "Run one of the functions that act on events",
		Long: `Serves one function over HTTP, beside its own Dapr sidecar or behind anything that posts CloudEvents. The port is
APP_PORT (set by Dapr), else PORT, else 8080. ` + "`vcrelay function list`" + ` shows the functions.`,
		Example: `  dapr run --app-id echo --app-port 8081 --resources-path components/nats --resources-path functions/echo/dapr \
    -- vcrelay function echo`,
		Args: exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error { return actions.Function(cmd.Context(), args[0]) },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the functions",
		Args:  exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, function := range functions.All() {
				_, _ = fmt.Fprintf(table, "%s\t%s\n", function.Name, function.Summary)
			}
			return table.Flush()
		},
	})
	return cmd
}
