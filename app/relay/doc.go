// Package relay moves events from a vCenter to a target and keeps the position.
//
// A [Stream] is one vCenter read for one target. It reads a page, publishes it in batches, and after each batch that the
// target has acknowledged it saves the position:
//
//	acquire position -> open reader -> [ next page -> [ publish batch -> advance -> save ] ... ] ...
//
// Nothing is read past an event that the target has not taken, and the stored position is never ahead of an
// acknowledgement. What a crash may repeat is the one batch that was published and not yet saved; its events have the
// same ids. Order is kept per entity: a batch is published in parallel by most brokers, so no batch holds two events of
// one entity.
//
// The package knows neither vCenter nor Dapr; it declares what it needs of them.
package relay
