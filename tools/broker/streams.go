package main

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// maxAge matches vCenter's own default retention of events (30 days).
const maxAge = 30 * 24 * time.Hour

// duplicateWindow is JetStream's default. Within it a message whose Nats-Msg-Id (Dapr: the CloudEvent id) was seen
// already on the SAME STREAM is acknowledged and dropped.
const duplicateWindow = 2 * time.Minute

// events holds what the relay publishes. Its subject is the topic, so `vcenter` and any `vcenter.<more>` fit.
var events = jetstream.StreamConfig{
	Name:       "vcenter",
	Subjects:   []string{"vcenter", "vcenter.>"},
	Storage:    jetstream.FileStorage,
	MaxAge:     maxAge,
	Duplicates: duplicateWindow,
}

// deadLetters is a stream of its own: a dead letter keeps its CloudEvent id, so on the stream of the events the
// de-duplication window would acknowledge it and drop it.
var deadLetters = jetstream.StreamConfig{
	Name:       "vcenter-deadletter",
	Subjects:   []string{"vcenter-deadletter", "vcenter-deadletter.>"},
	Storage:    jetstream.FileStorage,
	MaxAge:     maxAge,
	Duplicates: duplicateWindow,
}
