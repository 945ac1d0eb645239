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
var events = streamOf("vcenter", duplicateWindow)

// canaries takes the message by which the relay sees every 15 s that the way is open. One is enough to keep, in memory.
var canaries = jetstream.StreamConfig{
	Name:     "vcenter-canary",
	Subjects: []string{"vcenter-canary"},
	Storage:  jetstream.MemoryStorage,
	MaxMsgs:  1,
}

// deadLetters is a stream of its own: a dead letter keeps its CloudEvent id, so on the stream of the events the
// de-duplication window would acknowledge it and drop it.
var deadLetters = streamOf("vcenter-deadletter", duplicateWindow)

// streamOf is a stream for a topic and those below it.
func streamOf(topic string, duplicates time.Duration) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:       topic,
		Subjects:   []string{topic, topic + ".>"},
		Storage:    jetstream.FileStorage,
		MaxAge:     maxAge,
		Duplicates: duplicates,
	}
}
