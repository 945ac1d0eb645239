// Package vcsimtest runs simulated vCenters for the tests of other packages.
package vcsimtest

import (
	"cmp"
	"context"
	"net/url"
	"testing"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
)

// The account of a simulated vCenter for which no other was set.
const (
	User     = "relay@vsphere.local"
	Password = `S3cr3t$&\@"'<>` //nolint:gosec // nobody else has it
)

// Credentials logs in to it, as vim.Config asks for.
func Credentials(context.Context) (*url.Userinfo, error) {
	return url.UserPassword(User, Password), nil
}

// Start runs a simulated vCenter, served over TLS, until the test and its later clean-ups have ended. It is small and says
// nothing where config does not ask for more.
func Start(t testing.TB, config vcsim.Config) *vcsim.Server {
	t.Helper()
	config.Username, config.Password = cmp.Or(config.Username, User), cmp.Or(config.Password, Password)
	config.VMs = cmp.Or(config.VMs, 2)
	server, err := vcsim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context())) // clients log out in clean-ups
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error("simulated vCenter: ", err)
		}
	})
	return server
}
