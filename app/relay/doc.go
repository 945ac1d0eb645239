// Package relay moves events from a vCenter to a target and keeps the position.
//
// A [Stream] is one vCenter read for one target. What is read goes through a window, from which requests are sent side by
// side; the position follows what was acknowledged without a hole, and is saved beside that:
//
//	acquire position -> open reader -> [ next page ] ... -> window -> [ publish request ] ... -> advance -> save
//
// Nothing is read past a full window, and the stored position is never ahead of an acknowledgement. What a crash may repeat
// is the window; its events have the same ids. Order is kept per entity: most brokers store the events of a request in any
// order, so no event is sent while another one of its entity is on its way.
//
// The package knows neither vCenter nor Dapr; it declares what it needs of them.
package relay
