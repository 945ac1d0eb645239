// Package tally counts what a function received against the log of the simulated vCenter: the truth on one side, what
// arrived on the other. It shares no code with the relay and asks it nothing.
package tally
