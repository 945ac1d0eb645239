// Package cli declares the commands, one file each; what they do is given to it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vcrelay/vcrelay/app/config"
)

// ErrUsage marks an error in how a command was called.
var ErrUsage = errors.New("usage")

// Actions are what the commands do. Each runs until it is done or ctx ends.
type Actions struct {
	Run         func(ctx context.Context) error
	Up          func(ctx context.Context, options Up) error
	Vcsim       func(ctx context.Context, settings config.Vcsim) error
	Probe       func(ctx context.Context, options Probe) error
	Function    func(ctx context.Context, name string) error
	Lint        func(ctx context.Context, options Lint) error
	EventBridge func(ctx context.Context) error
}

// CLI is the command line of the program.
type CLI struct{ root *cobra.Command }

// New returns the command line.
func New(version string, actions Actions) *CLI {
	root := &cobra.Command{
		Use:   "vcrelay",
		Short: "Carries the events of VMware vCenter to whatever should act on them",
		Long: `vcrelay reads the events of a VMware vCenter and publishes each as a CloudEvent through a Dapr sidecar. Which
broker takes them is chosen by a Dapr component file, never by code. The position in vCenter's history is kept
in a Dapr state store: after a crash nothing is lost, and what is sent again has the same id.

Try it on this machine, with a simulated vCenter, a broker and a function:

  vcrelay up

Exit codes: 0 ok, 1 failed, 2 configuration or usage, 3 not reached, 4 credentials or certificate refused,
130 interrupted.`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,

		DisableSuggestions:         true, // see suggest
		SuggestionsMinimumDistance: 2,
	}
	root.SetFlagErrorFunc(usageError)
	root.AddCommand(newRun(actions), newUp(actions), newVcsim(actions), newProbe(actions), newFunction(actions), newLint(actions), newComponent(actions), newVersion(version))
	return &CLI{root: root}
}

// Run runs the command that args name.
func (c *CLI) Run(ctx context.Context, args []string) error {
	c.root.SetArgs(args)
	err := c.root.ExecuteContext(ctx)
	if _, unknown, isUnknown := c.root.Find(args); err != nil && isUnknown != nil {
		return usageError(c.root, c.suggest(unknown, err))
	}
	return err
}

// suggest adds to cobra's complaint about a command what may have been meant. Cobra itself would do so in several lines.
func (c *CLI) suggest(args []string, err error) error {
	if len(args) == 0 {
		return err
	}
	if meant := c.root.SuggestionsFor(args[0]); len(meant) > 0 {
		return fmt.Errorf("%w (did you mean %s?)", err, strings.Join(meant, " or "))
	}
	return err
}

func usageError(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w: %w; see `%s --help`", ErrUsage, err, cmd.CommandPath())
}

// exactly is cobra's check of the number of arguments, as a usage error.
func exactly(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(n)(cmd, args); err != nil {
			return usageError(cmd, err)
		}
		return nil
	}
}
