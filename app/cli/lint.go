package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

// Lint is how `vcrelay lint` was called.
type Lint struct {
	Folders []string
	Strict  bool // warnings count like errors
	JSON    bool
	Broker  bool // the brokers are asked as well
}

func newLint(actions Actions) *cobra.Command {
	var options Lint
	cmd := &cobra.Command{
		Use:   "lint folder...",
		Short: "Find the settings of Dapr components that lose events",
		Long: `Reads resource folders of Dapr (components, resiliency, subscriptions) as one sidecar would read them, and says of each
dangerous setting what it is, what it costs and what mends it, with file and line. It asks nobody, unless --broker is
given: then NATS and Redis are asked for what no file says. docs/lint.md lists what it looks for.

Give the folder of a backend together with those of the functions, so that they are seen as they work together.

  error    events get lost, or nothing works
  warning  a danger that you may want to live with
  note     what no setting of the file mends

Exit codes: 0 no errors, 1 errors (with --strict warnings as well), 2 a folder or a file cannot be read,
3 a broker does not answer.`,
		Example: `  vcrelay lint components/nats functions/echo/dapr
  vcrelay lint --strict --json components/kafka`,
		Args: someFolders,
		RunE: func(cmd *cobra.Command, args []string) error {
			options.Folders = args
			return actions.Lint(cmd.Context(), options)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&options.Strict, "strict", false, "let warnings fail as well")
	flags.BoolVar(&options.Broker, "broker", false, "ask the brokers at their addresses as well, in plain text and only to read")
	flags.BoolVar(&options.JSON, "json", false, "print one JSON object for each finding, a line each")
	return cmd
}

func someFolders(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError(cmd, errors.New("name a folder of resources, e.g. components/nats"))
	}
	return nil
}
