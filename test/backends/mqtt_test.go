//go:build e2e

package backends_test

import (
	"syscall"
	"testing"

	"github.com/vcrelay/vcrelay/test/backends"
)

// Without our patch the sidecar is sent the first one before it has subscribed, and never acknowledges it: with
// VCRELAY_DAPRD=stock this test fails.
func TestWhatAnMQTTSessionHasKeptReachesTheFunctionWhoseSidecarWasKilled(t *testing.T) {
	b, _ := backends.Find("mqtt")
	resources := startBackend(t, b)
	echo, ledger := startEcho(t, resources+", "+echoFolder(t))
	target := publisher(t, startSidecars(t, resources, "  - {appID: vcrelay, appDirPath: .}\n"))
	sidecar, _ := echo.Process("echo/daprd")
	if err := syscall.Kill(sidecar, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	events := powered(1, 40)
	if err := target.Publish(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	within(t, "all events reach the function", func() bool { return len(missing(ledger(), ids(events))) == 0 })
}
