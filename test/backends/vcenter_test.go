//go:build e2e

package backends_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

const (
	account  = "administrator@vsphere.local"
	password = "vcsim"
)

// vcenter is a simulated vCenter that the test itself serves: its log is the truth.
type vcenter struct {
	*vcsim.Server
	t        *testing.T
	address  string
	certFile string
}

func serveVCenter(t *testing.T, config vcsim.Config) *vcenter {
	t.Helper()
	v := &vcenter{t: t, address: teststack.FreeAddress(t), certFile: filepath.Join(t.TempDir(), "vcsim.pem")}
	config.Listen, config.CertFile, config.Username, config.Password = v.address, v.certFile, account, password
	server, err := vcsim.New(config)
	if err == nil {
		err = server.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	v.Server = server
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error("simulated vCenter: ", err)
		}
	})
	return v
}

func (v *vcenter) rate(perSecond float64) {
	v.t.Helper()
	if err := v.SetRate(perSecond); err != nil {
		v.t.Fatal(err)
	}
}

// ids are those of all events that there ever were.
func (v *vcenter) ids() (all []string) {
	for _, e := range v.Events(0) {
		all = append(all, v.id(e))
	}
	return all
}

func (v *vcenter) id(e types.BaseEvent) string {
	base := e.GetEvent()
	return fmt.Sprintf("%s-%d-%d", v.InstanceUUID(), base.Key, base.CreatedTime.UnixMicro())
}

// postRefused adds an event that the function refuses always, and returns its id.
func (v *vcenter) postRefused() string {
	return v.id(v.Post(&types.EventEx{EventTypeId: refusedName, Message: "refused", Severity: "info"}))
}

// from is where others read the history.
func (v *vcenter) from() teststack.Simulated {
	return teststack.Simulated{Address: v.address, CertFile: v.certFile, Username: account, Password: password}
}

// relay is what the relay has to know of it.
func (v *vcenter) relay() map[string]string {
	return map[string]string{
		"VCRELAY_VCENTER_URL": "https://" + v.address, "VCRELAY_VCENTER_CA_FILE": v.certFile,
		"VCRELAY_VCENTER_USERNAME": account, "VCRELAY_VCENTER_PASSWORD": password,
	}
}
