package lint

import (
	"slices"
	"strings"
)

var deliveryRules = []Rule{
	{
		ID: "dead-letter-first-failure", Severity: Error, Source: "dapr/dapr#5511",
		all:    firstFailures,
		Danger: "the first failure of an event ends there, such as that of a function which is just being started",
		Remedy: "add an inbound retry for the component to a Resiliency, as components/nats/resiliency.yaml has it",
	},
	{
		ID: "dead-letter-loop", Severity: Error, Source: "pkg/runtime/subscription of Dapr",
		all:    deadLetterLoops,
		Danger: "an event that fails comes back for ever", Remedy: "name another topic, such as vcenter-deadletter",
	},
	{
		ID: "dead-letter-missing", Severity: Error, Source: "measured",
		all:    noDeadLetters,
		Danger: "an event that fails to the end, or that the function drops, is gone with a warning in the sidecar's log",
		Remedy: "add deadLetterTopic: vcenter-deadletter",
	},
	{
		ID: "dead-letter-route", Severity: Error, Source: "measured: 5 of 5 events that matched no rule",
		all:    noDefaultRoute,
		Danger: "every event that matches no rule goes to the dead-letter topic, as if it had failed",
		Remedy: "add default: /ignore to the routes, a path that acknowledges",
	},
	{
		ID: "dead-letter-unread", Severity: Warning, Source: "dapr/dapr#5013",
		all:    unreadDeadLetters,
		Danger: "the broker drops what is published to a topic on which nobody ever subscribed",
		Remedy: "subscribe on it, or see that the broker has a queue for it",
	},
	{
		ID: "resiliency-component", Severity: Error, Source: "pkg/resiliency of Dapr",
		all:    unknownTargets,
		Danger: "the policy is for nothing", Remedy: "name a component of these folders",
	},
	{
		ID: "resiliency-endless", Severity: Warning, Source: "retry of dapr/kit",
		each:   endlessRetries,
		Danger: "an event that a function cannot handle is tried for ever, holds up those behind it, and is never dead-lettered",
		Remedy: "set maxRetries, e.g. to 2",
	},
	{
		ID: "resiliency-first", Severity: Error, Source: "measured; pkg/resiliency of Dapr",
		all:    laterPolicies,
		Danger: "a sidecar reads only the first document of a file as a Resiliency, and passes over others without a word",
		Remedy: "put it into a file of its own",
	},
	{
		ID: "resiliency-policy", Severity: Error, Source: "pkg/resiliency of Dapr",
		each:   unknownPolicies,
		Danger: "a policy that is not there does nothing", Remedy: "add it to spec.policies, or name one that is there",
	},
	{
		ID: "resiliency-timeout", Severity: Warning, Source: "pkg/resiliency of Dapr",
		each:   noTimeout,
		Danger: "a function that hangs holds up the events behind it, and nothing tells how long a delivery may take",
		Remedy: "add an inbound timeout above the function's own, e.g. 8s",
	},
	{
		ID: "subscription-component", Severity: Error, Source: "pkg/runtime/subscription of Dapr",
		all:    unknownPubSubs,
		Danger: "the function is given nothing", Remedy: "name a pub/sub component of these folders whose scopes let the app in",
	},
	{
		ID: "subscription-scope", Severity: Warning, Source: "functions/echo/README.md",
		all:    unscopedSubscriptions,
		Danger: "every app that reads the folder subscribes, also one without such a path: its 404 drops the event",
		Remedy: "add scopes with the app id of the function",
	},
}

// subscribed returns a hit for each Subscription of which bad says what is wrong, and under which path.
func (s *set) subscribed(bad func(sub *resource) (what string, path []string)) []hit {
	var hits []hit
	for i := range s.subscriptions {
		sub := &s.subscriptions[i]
		if what, path := bad(sub); what != "" {
			hits = append(hits, hit{at: sub.at(path...), what: what})
		}
	}
	return hits
}

// pubsub is the component that a Subscription is on, if its app is one that may use it.
func (s *set) pubsub(sub *resource) *component {
	c := s.find(sub.text("spec", "pubsubname"))
	if c == nil || !isPubSub(c) {
		return nil
	}
	apps, allowed := sub.list("scopes"), c.list("scopes")
	if len(apps) > 0 && len(allowed) > 0 && !slices.ContainsFunc(apps, func(app string) bool { return slices.Contains(allowed, app) }) {
		return nil
	}
	return c
}

func firstFailures(s *set) []hit {
	return s.subscribed(func(sub *resource) (string, []string) {
		c := s.pubsub(sub)
		if c == nil || sub.text("spec", "deadLetterTopic") == "" {
			return "", nil
		}
		if retries, ends := s.inbound(c.name).retries(); retries > 0 || !ends {
			return "", nil
		}
		return "deadLetterTopic without an inbound retry for " + c.name, []string{"spec", "deadLetterTopic"}
	})
}

func deadLetterLoops(s *set) []hit {
	return s.subscribed(func(sub *resource) (string, []string) {
		if topic := sub.text("spec", "topic"); topic != "" && topic == sub.text("spec", "deadLetterTopic") {
			return "deadLetterTopic is " + topic + ", the topic itself", []string{"spec", "deadLetterTopic"}
		}
		return "", nil
	})
}

func noDeadLetters(s *set) []hit {
	return s.subscribed(func(sub *resource) (string, []string) {
		if sub.text("spec", "deadLetterTopic") != "" || s.isDeadLetters(sub.text("spec", "topic")) {
			return "", nil
		}
		return "no deadLetterTopic", []string{"spec", "topic"}
	})
}

// isDeadLetters is true for a topic of dead letters: what fails there has nowhere to go.
func (s *set) isDeadLetters(topic string) bool {
	return strings.HasSuffix(topic, "-deadletter") ||
		slices.ContainsFunc(s.subscriptions, func(sub resource) bool { return sub.text("spec", "deadLetterTopic") == topic })
}

func noDefaultRoute(s *set) []hit {
	return s.subscribed(func(sub *resource) (string, []string) {
		rules := sub.under("spec", "routes", "rules")
		if rules == nil || sub.text("spec", "routes", "default") != "" || sub.text("spec", "deadLetterTopic") == "" {
			return "", nil
		}
		return "routes without a default, and a deadLetterTopic", []string{"spec", "routes"}
	})
}

func isPubSub(c *component) bool { return strings.HasPrefix(c.brand, "pubsub.") }

// forgetful are the brokers that drop what is published where nobody ever subscribed.
var forgetful = slices.Concat(rabbitmq, mqtt, snssqs, sbTopics, google, pulsar)

func unreadDeadLetters(s *set) []hit {
	return s.subscribed(func(sub *resource) (string, []string) {
		pubsub, letters := s.pubsub(sub), sub.text("spec", "deadLetterTopic")
		if letters == "" || pubsub == nil || !slices.Contains(forgetful, pubsub.brand) ||
			slices.ContainsFunc(s.subscriptions, func(other resource) bool { return other.text("spec", "topic") == letters }) {
			return "", nil
		}
		return "no Subscription on " + letters, []string{"spec", "deadLetterTopic"}
	})
}

func unknownPubSubs(s *set) []hit {
	if !slices.ContainsFunc(s.components, isPubSub) {
		return nil
	}
	return s.subscribed(func(sub *resource) (string, []string) {
		if s.pubsub(sub) != nil {
			return "", nil
		}
		return "there is no pub/sub component " + sub.text("spec", "pubsubname") + " for this app", []string{"spec", "pubsubname"}
	})
}

func unscopedSubscriptions(s *set) []hit {
	return s.subscribed(func(sub *resource) (string, []string) {
		if len(sub.list("scopes")) > 0 {
			return "", nil
		}
		return "subscription " + sub.text("metadata", "name") + " has no scopes", []string{"kind"}
	})
}
