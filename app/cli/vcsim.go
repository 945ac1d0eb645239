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
on adding events. Functions and relays can be tried on it without a vCenter, and bad days rehearsed.

Each flag can also be given as VCRELAY_VCSIM_<FLAG>, e.g. VCRELAY_VCSIM_RATE=100; several faults in one variable are
separated by semicolons. Its control API answers on the same address without login: GET /control/status,
GET /control/events, PUT /control/rate {"rate": 5},
POST /control/events {"class": "VmPoweredOnEvent", "vm": "DC0_H0_VM0", "count": 3},
POST /control/faults {"kind": "reset", "method": "ReadNextEvents", "count": 1}, GET and DELETE /control/faults.

Faults are kind=<kind> and what the kind knows, separated by commas; after=, for= and every= say when (2m, 10s):
  calls     reset drop truncate cut html fault status empty garbage slow     method= count= probability=
  history   purge restore clock key late old burst hole  events= older= back= step= next= share= delay= entity=
  service   restart terminate idle limit                 by=refuse|503 timeout= collectors=
  events    unknown huge deep                            count= size= depth=

What vCenter's documentation leaves open is assumed, and can be assumed otherwise (docs/vcenter-assumptions.md):
  order=time|key|commit  hole=moves|stuck   latest=visible|hidden  precision=1s
  wrap=negative|one      max-key=2147480000 burst=stored|live      paths=served|refused`,
		Example: `  vcrelay vcsim --history 100000 --rate 50 --cert-file vcsim.pem
  GOVC_URL='https://administrator@vsphere.local:vcsim@127.0.0.1:8989' GOVC_TLS_CA_CERTS=vcsim.pem govc events

  # a bad day: keys about to wrap, late events, lost answers, a restart every half hour, a restored backup after two hours
  vcrelay vcsim --rate 200 --first-key 2147400000 --assume order=key,hole=stuck \
    --fault kind=late,share=0.02,delay=5s --fault kind=reset,method=ReadNextEvents,probability=0.01 \
    --fault kind=restart,every=30m,after=30m,for=1m --fault kind=restore,after=2h,back=10m,for=5m`,
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
	flags.StringVar(&settings.Version, "vcenter-version", settings.Version, "version of the vCenter, e.g. 7.0.3; from 9.0.0 on events are read by id")
	flags.StringVar(&settings.CertFile, "cert-file", settings.CertFile, "write the server's certificate (PEM) to this file")
	flags.IntVar(&settings.VMs, "vms", settings.VMs, "virtual machines in the inventory")
	flags.IntVar(&settings.Hosts, "hosts", settings.Hosts, "hosts of its cluster")
	flags.IntVar(&settings.History, "history", settings.History, "events that lie before the start")
	flags.DurationVar(&settings.HistorySpan, "history-span", settings.HistorySpan, "time over which those are spread")
	flags.Int32Var(&settings.FirstKey, "first-key", settings.FirstKey, "key of the oldest event")
	flags.Float64Var(&settings.Rate, "rate", settings.Rate, "events per second of the live workload")
	flags.StringVar(&settings.Mix, "mix", settings.Mix, "what events are about, as shares: none=0.1,host=0.05,switch=0.02,busiest=0.02 (no entity, ..., the first machine)")
	flags.Uint64Var(&settings.Seed, "seed", settings.Seed, "seed of the workload")
	flags.StringVar(&settings.Assume, "assume", settings.Assume, "readings of what is not documented, e.g. order=key,hole=stuck")
	flags.StringArrayVar((*[]string)(&settings.Fault), "fault", settings.Fault, "a fault, e.g. kind=late,share=0.02,delay=5s; can be repeated")
	return cmd
}
