package local

import "io"

// PointAt is the rewriting of one resource file, with addresses by the names of brokers.
func PointAt(content []byte, addresses map[string]string) []byte {
	known := make(map[*backend]string)
	for _, b := range backends {
		if address, ok := addresses[b.name]; ok {
			known[b] = address
		}
	}
	return pointAt(content, known)
}

// Brokers are the names of the brokers that the stack runs.
func (s *Stack) Brokers() (names []string) {
	for _, b := range s.brokers {
		names = append(names, b.backend.name)
	}
	return names
}

// BrokerAddress is host:port of a broker that the stack runs.
func (s *Stack) BrokerAddress(name string) string {
	for _, b := range s.brokers {
		if b.backend.name == name {
			return b.address()
		}
	}
	return ""
}

// Reason is the line that says why a process ended.
var Reason = reason

// SidecarView is what the console shows of a daprd line.
var SidecarView = sidecarView

// LongestLine is where a line is split.
const LongestLine = longestLine

// Flusher is a writer of one process's stream.
type Flusher interface {
	io.Writer
	Flush()
}

type flusher struct{ *lineWriter }

func (f flusher) Flush() { f.flush() }

// Streams are n streams of one process that go to out.
func Streams(out io.Writer, name string, n int) []Flusher {
	log := newConsole(out, false, []string{name}).log(name)
	var all []Flusher
	for range n {
		all = append(all, flusher{&lineWriter{log: log}})
	}
	return all
}
