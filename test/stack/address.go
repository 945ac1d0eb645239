//go:build e2e

package stack

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
)

// FreeAddress is a loopback address on which nothing listens, another one each time. It is below the ports that systems
// give to outgoing connections, and below those that stacks choose from.
func FreeAddress(t *testing.T) string {
	t.Helper()
	for port := nextPort.Add(1); port < 20_000; port = nextPort.Add(1) {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))
		if listener, err := net.Listen("tcp", address); err == nil {
			_ = listener.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

var nextPort = func() *atomic.Int32 {
	next := new(atomic.Int32)
	next.Store(11_000 + rand.Int32N(8_000)) // two runs of the tests on one machine
	return next
}()
