// Package eventbridge is a Dapr pluggable component that puts events on an event bus of Amazon EventBridge. A sidecar finds it by its
// socket and offers it as the pub/sub type pubsub.vcrelay.eventbridge; Dapr itself has no such component.
//
// An event becomes an entry of PutEvents:
//
//   - detail is the CloudEvent, byte for byte, so that a rule sees all of it: detail.data.vm.name, detail.entity.
//   - detail-type is the name of the event (the subject, else the type), cut to the 128 characters that EventBridge allows.
//   - source is `<source>.<topic>`, with the setting source, "vcrelay" unless it is set. EventBridge has no topics; so dead letters
//     (`vcrelay.vcenter-deadletter`) and canaries are told from events, by a rule as by a person.
//   - time is that of the event. resources is empty: EventBridge wants ARNs there, which vCenter has not.
//
// An event counts as published when EventBridge has answered with an id for it; what rules and targets do with it after that is
// theirs. EventBridge keeps no order and drops no duplicates. It cannot be subscribed to either: a rule with an SQS queue as its target
// is read in place of that.
//
// A Component (component.go) is the process: socket, gRPC, end. A service (service.go) is what a sidecar calls. Each component file
// that a sidecar has of this type is a bus (bus.go) with settings (settings.go) of its own, which outlive a restart of
// this process (memory.go).
package eventbridge
