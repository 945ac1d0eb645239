package cli

import (
	"time"

	"github.com/spf13/cobra"
)

// Probe is how `vcrelay probe` was called.
type Probe struct {
	Out   string        // file to write; empty: one named for the time
	Watch time.Duration // how long to follow live; 0: not at all
	Pages int           // pages of events to take along
}

func newProbe(actions Actions) *cobra.Command {
	var options Probe
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Measure a vCenter, read only, into a file that names nobody",
		Long: `Logs in to vCenter and measures what its documentation leaves open: how fast pages of events are, how events are
ordered, how exact time filters are, how late events become visible. It only reads, and it needs no Dapr: of the
README's table it uses VCRELAY_VCENTER_* and, for the login, VCRELAY_CONNECT_TIMEOUT.

The figures go into a zip file, with some pages of events in which names, addresses, paths and messages are replaced.
Read the file before you send it to anybody; docs/probe.md says what is in it and where to send it. Ctrl-C ends a
probe early and keeps what there is, marked incomplete.`,
		Example: `  vcrelay probe
  vcrelay probe --watch 30m --pages 0 --out lab.zip`,
		Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return actions.Probe(cmd.Context(), options) },
	}
	flags := cmd.Flags()
	flags.StringVar(&options.Out, "out", "", "file to write, never one that exists (default vcrelay-probe-<date>.zip)")
	flags.DurationVar(&options.Watch, "watch", 2*time.Minute, "follow live for this time; 0 skips that")
	flags.IntVar(&options.Pages, "pages", 2, "pages of 100 events to take along, at most 20")
	return cmd
}
