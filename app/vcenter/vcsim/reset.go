package vcsim

import (
	"crypto/tls"
	"net"
	"net/http"
)

// reset ends the connection of a call with a TCP reset, as a crash or a firewall does: the client gets neither the rest
// of the answer nor the end of the TLS session.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // it is gone already
	}
	if secure, ok := connection.(*tls.Conn); ok {
		connection = secure.NetConn()
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the connection is closed in order
	}
	_ = connection.Close()
}
