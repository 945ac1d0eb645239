//go:build e2e

package e2e_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// The account of the vCenters that the tests serve.
const (
	simulatedUser     = "relay@vsphere.local"
	simulatedPassword = "fleet"
)

// simulated is a vCenter that the test itself serves.
type simulated struct {
	*vcsim.Server
	t      *testing.T
	name   string
	config vcsim.Config
	stop   func()
	before []string // ids of those that answered at this address before
}

// simulate serves a small vCenter over TLS until the test ends.
func simulate(t *testing.T, name string, config vcsim.Config) *simulated {
	t.Helper()
	config.Username, config.Password = simulatedUser, simulatedPassword
	config.Listen = freeAddress(t)
	config.CertFile = filepath.Join(t.TempDir(), "vcsim.pem")
	config.VMs = 2
	v := &simulated{t: t, name: name, config: config}
	v.serve()
	t.Cleanup(func() { v.stop() })
	return v
}

// simulateMany serves vCenters with a live workload each.
func simulateMany(t *testing.T, count int, rate float64) []*simulated {
	t.Helper()
	all := make([]*simulated, count)
	for i := range all {
		all[i] = simulate(t, fmt.Sprintf("vc-%03d", i+1), vcsim.Config{Rate: rate, Seed: uint64(i + 1)})
	}
	return all
}

func (v *simulated) serve() {
	v.t.Helper()
	if v.config.InstanceUUID == "" {
		v.config.InstanceUUID = uuid.NewString()
	}
	server, err := vcsim.New(v.config)
	if err == nil {
		err = server.Listen()
	}
	if err != nil {
		v.t.Fatal(err)
	}
	v.Server = server
	ctx, stop := context.WithCancel(context.WithoutCancel(v.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	v.stop = func() {
		stop()
		if err := <-ended; err != nil {
			v.t.Error("simulated vCenter: ", err)
		}
		v.stop = func() {}
	}
}

// replace has another vCenter answer at the same address.
func (v *simulated) replace() {
	v.t.Helper()
	v.stop()
	v.config.InstanceUUID = ""
	v.serve()
}

// rest ends the workload.
func (v *simulated) rest() {
	v.t.Helper()
	if err := v.SetRate(0); err != nil {
		v.t.Fatal(err)
	}
}

// ids are those of all events that there ever were: <instanceUuid>-<key>-<createdTime in unix microseconds>.
func (v *simulated) ids() []string {
	all := slices.Clone(v.before)
	for _, e := range v.Events(0) {
		base := e.GetEvent()
		all = append(all, fmt.Sprintf("%s-%d-%d", v.InstanceUUID(), base.Key, base.CreatedTime.UnixMicro()))
	}
	return all
}

// entry is the vCenter in a fleet file.
func (v *simulated) entry() string {
	return fmt.Sprintf("  - {name: %s, url: 'https://%s', username: %s, password: %s, caFile: %s, start: oldest}\n",
		v.name, v.config.Listen, simulatedUser, simulatedPassword, v.config.CertFile)
}
