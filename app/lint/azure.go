package lint

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

var (
	servicebus = []string{"pubsub.azure.servicebus.topics", "pubsub.azure.servicebus", "pubsub.azure.servicebus.queues"}
	sbTopics   = servicebus[:2]
	eventhubs  = []string{"pubsub.azure.eventhubs"}
)

// fewDeliveries is where a count of deliveries is soon used up by sidecars that die.
const fewDeliveries = 100

var azureRules = []Rule{
	{
		ID: "eventhubs-order", Severity: Error, Types: eventhubs, Source: "components-contrib, common/component/azure/eventhubs",
		each:   when("enableInOrderMessageDelivery", "false", isFalse),
		Danger: "the position is stored while functions still work, and what they held is lost with their sidecar",
		Remedy: `set it to "true"`,
	},
	{
		ID: "eventhubs-passed-over", Severity: Error, Types: eventhubs, Source: "components-contrib, common/component/azure/eventhubs",
		each:   when("backOffMaxRetries", "3", func(v value) bool { n, ok := v.number(); return ok && n >= 0 }),
		Danger: "after so many retries an event that cannot be dead-lettered either is passed over",
		Remedy: `set it to "-1", for ever`,
	},
	{
		ID: "eventhubs-position", Severity: Note, Types: eventhubs, Source: "components-contrib, common/component/azure/eventhubs",
		each:   always("where a consumer group begins, and what a stop does"),
		Danger: "a group without a stored position begins with the next event, and an event in the middle of which a sidecar is stopped is not delivered again",
		Remedy: "start the functions' sidecars before the relay, and stop them when nothing is published",
	},
	{
		ID: "eventhubs-storage", Severity: Error, Types: eventhubs, Source: "components-contrib, common/component/azure/eventhubs",
		each:   anyOf(when("storageAccountName", "", isEmpty), when("storageContainerName", "", isEmpty)),
		Danger: "nothing can subscribe without a place to store its position", Remedy: "set it",
	},
	{
		ID: "servicebus-batch", Severity: Note, Types: servicebus, Source: "components-contrib, common/component/azure/servicebus",
		each:   always("what is larger than 128 KiB"),
		Danger: "the component refuses such an event, and with VCRELAY_ORDER=strict such a request, which is sent again in halves",
		Remedy: "set VCRELAY_MAX_EVENT_BYTES=98304",
	},
	{
		ID: "servicebus-dropped", Severity: Error, Types: servicebus, Source: "Service Bus documentation",
		each: anyOf(when("autoDeleteOnIdleInSec", "0", isPositive), when("defaultMessageTimeToLiveInSec", "", isGiven),
			when("ttlInSeconds", "", isGiven)),
		Danger: "what waits for a function that rests longer is deleted", Remedy: "leave it out",
	},
	{
		ID: "servicebus-handler-timeout", Severity: Error, Types: servicebus, Source: "components-contrib, common/component/azure/servicebus",
		each:   shorterThanTries("handlerTimeoutInSec", "60", time.Second),
		Danger: "the tries are broken off before the dead-letter topic", Remedy: "set it to more",
	},
	{
		ID: "servicebus-lock", Severity: Error, Types: servicebus, Source: "components-contrib, common/component/azure/servicebus",
		each:   lockEnds,
		Danger: "the lock ends while the function works, and the event is delivered a second time", Remedy: "have it renewed in half the time",
	},
	{
		ID: "servicebus-max-delivery", Severity: Warning, Types: servicebus, Source: "Service Bus documentation",
		each:   when("maxDeliveryCount", "10", isBelow(fewDeliveries)),
		Danger: "deliveries that end with a killed sidecar count as well, and then the event goes to a queue that no function reads",
		Remedy: `set it to "2000", the most there is`,
	},
	{
		ID: "servicebus-no-subscription", Severity: Note, Types: sbTopics, Source: "Service Bus documentation",
		each:   always("a topic that has no subscription"),
		Danger: "Service Bus acknowledges what it then drops, as long as no function has subscribed once",
		Remedy: "start the functions' sidecars before the relay, also that of the dead letters; their subscriptions stay",
	},
	{
		ID: "servicebus-sessions", Severity: Error, Source: "components-contrib, common/component/azure/servicebus",
		all:    fewForSessions,
		Danger: "a session without events holds a place for a minute, and those that have some wait for it",
		Remedy: "set it to as many as maxConcurrentSessions, which is 8 where nothing is said",
	},
}

// lockEnds compares the time of a lock with the pause of its renewal.
func lockEnds(s *set, c *component) []hit {
	lock, renewal := c.value("lockDurationInSec", "60"), c.value("lockRenewalInSec", "20")
	held, ok := lock.duration(time.Second)
	renewed, renews := renewal.duration(time.Second)
	if !ok || !renews {
		return nil
	}
	what := lock.what() + ", and " + renewal.what()
	if longest, known := s.inbound(c.name).longest(); renewed <= 0 && known && held < longest {
		return []hit{{at: renewal.at, what: what + ", and all tries of an event may take " + longest.String()}}
	}
	if renewed >= held {
		return []hit{{at: renewal.at, what: what}}
	}
	return nil
}

// fewForSessions compares what may be in flight with the sessions of each Subscription.
func fewForSessions(s *set) []hit {
	var hits []hit
	for i := range s.subscriptions {
		sub := &s.subscriptions[i]
		c := s.pubsub(sub)
		if c == nil || !slices.Contains(servicebus, c.brand) || !(value{text: sub.text("spec", "metadata", "requireSessions")}).truth() {
			continue
		}
		sessions, active := 8, c.value("maxActiveMessages", "1000")
		if n, err := strconv.Atoi(sub.text("spec", "metadata", "maxConcurrentSessions")); err == nil {
			sessions = n
		}
		if n, ok := active.number(); ok && n < sessions {
			hits = append(hits, hit{at: active.at, what: fmt.Sprintf("%s, and %s has %d sessions", active.what(), sub.text("metadata", "name"), sessions)})
		}
	}
	return hits
}
