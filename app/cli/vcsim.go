package cli

import (
	"github.com/spf13/cobra"

	"github.com/vcrelay/vcrelay/app/config"
)

func newVcsim(actions Actions) *cobra.Command {
	settings, fault := config.ReadVcsim()
	password := settings.Password.Reveal()
	cmd := &cobra.Command{
		Use:   "vcsim",
		Short: "Simulate a vCenter with an event history and a live workload",
		Long: `Serves a simulated vCenter over HTTPS: an inventory, a history of events of any length, and a workload that goes
on adding events. Functions and relays can be tried on it without a vCenter.

Each flag can also be given as VCRELAY_VCSIM_<FLAG>, e.g. VCRELAY_VCSIM_RATE=100. Its control API answers on
the same address without login: GET /control/status, GET /control/events, PUT /control/rate {"rate": 5},
POST /control/events {"class": "VmPoweredOnEvent", "vm": "DC0_H0_VM0", "count": 3}.`,
		Example: `  vcrelay vcsim --history 100000 --rate 50 --cert-file vcsim.pem
  GOVC_URL='https://administrator@vsphere.local:vcsim@127.0.0.1:8989' GOVC_TLS_CA_CERTS=vcsim.pem govc events`,
		Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if fault != nil {
				return fault
			}
			settings.Password = config.Secret(password)
			return actions.Vcsim(cmd.Context(), settings)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&settings.Listen, "listen", settings.Listen, "address to listen on; port 0 takes a free one")
	flags.StringVar(&settings.Username, "username", settings.Username, "the only account that may log in")
	flags.StringVar(&password, "password", password, `its password (default "vcsim")`)
	flags.Lookup("password").DefValue = "" // the help would print what the environment says
	flags.StringVar(&settings.InstanceUUID, "instance-uuid", settings.InstanceUUID, "identity of the vCenter; unset: a new one each start")
	flags.StringVar(&settings.CertFile, "cert-file", settings.CertFile, "write the server's certificate (PEM) to this file")
	flags.IntVar(&settings.VMs, "vms", settings.VMs, "virtual machines in the inventory")
	flags.IntVar(&settings.History, "history", settings.History, "events that lie before the start")
	flags.DurationVar(&settings.HistorySpan, "history-span", settings.HistorySpan, "time over which those are spread")
	flags.Float64Var(&settings.Rate, "rate", settings.Rate, "events per second of the live workload")
	flags.Uint64Var(&settings.Seed, "seed", settings.Seed, "seed of the workload")
	return cmd
}
