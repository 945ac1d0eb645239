package lint

import (
	"strings"
	"time"
)

var jetstream = []string{"pubsub.jetstream"}

var jetstreamRules = []Rule{
	{
		ID: "jetstream-ack-policy", Severity: Error, Types: jetstream, Source: "NATS documentation",
		each:   when("ackPolicy", "explicit", is("none", "all")),
		Danger: "an event counts as done before its function has answered", Remedy: "set it to explicit",
	},
	{
		ID: "jetstream-ack-wait", Severity: Error, Types: jetstream, Source: "measured, docs/decisions/0007",
		each:   ackWaitTooShort,
		Danger: "an event that waits for its turn is delivered a second time, out of order",
		Remedy: "lengthen ackWait, or lessen maxAckPending or the tries in the Resiliency",
	},
	{
		ID: "jetstream-ack-wait-unset", Severity: Error, Types: jetstream, Source: "measured: 1,500 deliveries a second",
		each:   when("ackWait", "", isEmpty),
		Danger: "an event that fails comes back at once and for ever, as fast as the processor allows",
		Remedy: "set it to more than all tries of an event may take, e.g. 30s",
	},
	{
		ID: "jetstream-back-off", Severity: Warning, Types: jetstream, Source: "NATS documentation",
		each:   when("backOff", "", isGiven),
		Danger: "its pauses take the place of ackWait, so that an event is delivered again while it is still worked on",
		Remedy: "leave it out; the Resiliency has the pauses",
	},
	{
		ID: "jetstream-dead-letter-stream", Severity: Warning, Types: jetstream, Source: "measured: 5 of 5 dead letters swallowed",
		each:   deadLettersOnOneStream,
		Danger: "a dead letter keeps its id, which JetStream drops on a stream that has seen it within two minutes",
		Remedy: "leave streamName out, and have a stream of its own for the dead letters",
	},
	{
		ID: "jetstream-deliver-policy", Severity: Error, Types: jetstream, Source: "NATS documentation",
		each:   when("deliverPolicy", "all", isNot("all")),
		Danger: "a function that is new never sees what was published before, also while it was being started",
		Remedy: "set it to all",
	},
	{
		ID: "jetstream-durable", Severity: Error, Types: jetstream, Source: "measured",
		each:   when("durableName", "", isEmpty),
		Danger: "the consumer ends with its connection, and nobody is given what is published until the next one begins",
		Remedy: `set it to "{appID}"`,
	},
	{
		ID: "jetstream-max-deliver", Severity: Error, Types: jetstream, Source: "measured: 39 of 60 events lost at one kill",
		each:   when("maxDeliver", "0", isPositive),
		Danger: "deliveries that end with a killed sidecar count as well, and after the last one the event is dropped",
		Remedy: "leave it out; what a function cannot handle goes to the dead-letter topic by the Resiliency",
	},
	{
		ID: "jetstream-memory", Severity: Warning, Types: jetstream, Source: "NATS documentation",
		each:   when("memoryStorage", "false", isTrue),
		Danger: "with the server's restart the consumer forgets where it stood, and everything is delivered again",
		Remedy: "leave it out",
	},
	{
		ID: "jetstream-queue-group", Severity: Error, Types: jetstream, Source: "measured",
		each:   durableAlone,
		Danger: "a second sidecar of the app is refused, and does not take over when the first one dies",
		Remedy: `set it to "{appID}"`,
	},
	{
		ID: "jetstream-sync", Severity: Note, Types: jetstream, Source: "NATS documentation; Jepsen, NATS 2.12.1",
		each:   always("no file says how often the server writes to its disk"),
		Danger: "every two minutes where nothing else is said, and a power cut takes what was acknowledged since",
		Remedy: "set sync_interval: always in the server's jetstream section, or have three replicas of each stream",
	},
}

// ackWaitTooShort compares ackWait with what may happen to all events that are in flight.
func ackWaitTooShort(s *set, c *component) []hit {
	ackWait := c.value("ackWait", "")
	wait, waits := ackWait.duration(time.Second)
	longest, known := s.inbound(c.name).longest()
	if !waits || !known {
		return nil
	}
	inFlight := c.value("maxAckPending", "1000") // the server's own limit
	n, ok := inFlight.number()
	if !ok {
		return nil
	}
	if mode := c.value("concurrencyMode", c.value("concurrency", "single").text); strings.EqualFold(mode.text, "parallel") {
		n = 1 // they do not wait for each other
	}
	if wait < time.Duration(n)*longest {
		return []hit{{at: ackWait.at, what: ackWait.what() + ", and " + inFlight.what() + " with tries of up to " + longest.String() + " each"}}
	}
	return nil
}

func durableAlone(_ *set, c *component) []hit {
	if group := c.value("queueGroupName", ""); group.text == "" && group.plain && !isEmpty(c.value("durableName", "")) {
		return []hit{{at: group.at, what: "durableName has no queueGroupName beside it"}}
	}
	return nil
}

func deadLettersOnOneStream(s *set, c *component) []hit {
	stream := c.value("streamName", "")
	if stream.text == "" {
		return nil
	}
	for i := range s.subscriptions {
		if sub := &s.subscriptions[i]; s.pubsub(sub) == c && sub.text("spec", "deadLetterTopic") != "" {
			return []hit{{at: stream.at, what: stream.what() + " for every topic, also " + sub.text("spec", "deadLetterTopic")}}
		}
	}
	return nil
}
