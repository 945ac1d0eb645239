package vcsim

import (
	"net"
	"net/http"
	"sync"
)

// silentConnections are those on which nobody has asked anything yet: clients open some in reserve. An orderly stop of
// http.Server waits five seconds for each.
type silentConnections struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// note is http.Server.ConnState.
func (c *silentConnections) note(connection net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == http.StateNew {
		c.open[connection] = struct{}{}
	} else {
		delete(c.open, connection)
	}
}

func (c *silentConnections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for connection := range c.open {
		_ = connection.Close()
		delete(c.open, connection)
	}
}
