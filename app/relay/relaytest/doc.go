// Package relaytest has what tests of a relay need: scripted fakes of what a stream is connected to, and the suite of
// behaviours that every checkpoint store must show, the fake and the real ones alike.
package relaytest
