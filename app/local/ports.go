package local

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"

	"github.com/vcrelay/vcrelay/app/local/runfile"
)

const loopback = "127.0.0.1"

// Free ports are looked for here: below the range from which systems take the source ports of outgoing connections
// (32768 and up on Linux, 49152 and up elsewhere) and below Kubernetes' node ports. A port from that range could be taken
// by a client's own connection while its owner restarts, and then never be bound again.
const (
	lowestPort  = 20000
	portsToTry  = 9999
	portsBefore = 100 // attempts before the system is asked for any port
)

// reservations holds ports open until the processes that they are for begin, so that two processes are not given the
// same one. The UDP port of the same number, which none of them uses, stays taken as a mark until the stack ends: a
// second stack on the machine would else be given a port in the moment in which its owner starts, or starts again, and
// the sidecar of one would call the app of the other.
type reservations struct {
	held  map[int]net.Listener
	marks map[int]net.PacketConn
}

func newReservations() *reservations {
	return &reservations{held: map[int]net.Listener{}, marks: map[int]net.PacketConn{}}
}

// take reserves the wanted port when it is free, else another; wanted 0 is any.
func (r *reservations) take(wanted int) (int, error) {
	if wanted > 0 && r.hold(wanted) {
		return wanted, nil
	}
	for range portsBefore {
		if candidate := lowestPort + rand.IntN(portsToTry); r.hold(candidate) { // #nosec G404 -- not a secret
			return candidate, nil
		}
	}
	listener, err := net.Listen("tcp", loopback+":0") //nolint:noctx // a listener on loopback needs no cancelling
	if err != nil {
		return 0, fmt.Errorf("reserve port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	r.held[port] = listener
	return port, nil
}

// mark takes the mark of a port, false when another stack has it.
func (r *reservations) mark(port int) bool {
	if r.marks[port] != nil {
		return true
	}
	mark, err := net.ListenPacket("udp", net.JoinHostPort(loopback, strconv.Itoa(port))) //nolint:noctx // as in hold
	if err != nil {
		return false
	}
	r.marks[port] = mark
	return true
}

// hold tries all interfaces first: an app that listens on them fails where another has the port on any one.
func (r *reservations) hold(port int) bool {
	if r.held[port] != nil {
		return false
	}
	everywhere, err := net.Listen("tcp", ":"+strconv.Itoa(port)) //nolint:noctx // closed at once
	if err != nil {
		return false
	}
	_ = everywhere.Close()
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port))) //nolint:noctx // as above
	if err != nil {
		return false
	}
	if !r.mark(port) {
		_ = listener.Close()
		return false
	}
	r.held[port] = listener
	return true
}

// release frees ports for the process that is about to begin; their marks stay.
func (r *reservations) release(ports ...int) {
	for _, port := range ports {
		if listener := r.held[port]; listener != nil {
			_ = listener.Close()
			delete(r.held, port)
		}
	}
}

func (r *reservations) releaseAll() {
	for port := range r.held {
		r.release(port)
	}
	for port, mark := range r.marks {
		_ = mark.Close()
		delete(r.marks, port)
	}
}

// Ports are those that one app and its sidecar use in this run; 0 = none.
type Ports struct {
	App          int
	HTTP         int
	GRPC         int
	InternalGRPC int
	Metrics      int
}

func (p Ports) all() []int { return []int{p.App, p.HTTP, p.GRPC, p.InternalGRPC, p.Metrics} }

// portsFor reserves what an app needs, those from the file where they are free.
func (r *reservations) portsFor(app *runfile.App) (Ports, error) {
	var ports Ports
	wishes := []struct {
		port   *int
		wanted int
		needed bool
	}{
		{&ports.App, app.Port, app.Port > 0},
		{&ports.HTTP, app.HTTPPort, true},
		{&ports.GRPC, app.GRPCPort, true},
		{&ports.InternalGRPC, app.InternalGRPCPort, true},
		{&ports.Metrics, app.MetricsPort, app.MetricsPort > 0},
	}
	for _, wish := range wishes {
		if !wish.needed {
			continue
		}
		port, err := r.take(wish.wanted)
		if err != nil {
			return Ports{}, fmt.Errorf("app %s: %w", app.ID, err)
		}
		*wish.port = port
	}
	return ports, nil
}
