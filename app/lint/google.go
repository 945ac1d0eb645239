package lint

var google = []string{"pubsub.gcp.pubsub"}

// manyTries is what an outage of days does not use up.
const manyTries = 10000

var googleRules = []Rule{
	{
		ID: "gcp-dead-letter", Severity: Warning, Types: google, Source: "components-contrib, pubsub/gcp",
		each:   when("deadLetterTopic", "", isGiven),
		Danger: "deliveries that end with a killed sidecar count as well, so events go there that no function has refused",
		Remedy: "leave it out; what a function cannot handle goes to the dead-letter topic of the Subscription",
	},
	{
		ID: "gcp-no-subscription", Severity: Note, Types: google, Source: "Pub/Sub documentation",
		each:   always("a topic that has no subscription, and one that nobody uses"),
		Danger: "Pub/Sub acknowledges what it then drops, as long as no function has subscribed once, and deletes a subscription after 31 idle days",
		Remedy: "start the functions' sidecars before the relay, also that of the dead letters, and lengthen the expiration",
	},
	{
		ID: "gcp-ordering", Severity: Warning, Types: google, Source: "components-contrib, pubsub/gcp",
		each:   when("enableMessageOrdering", "false", isFalse),
		Danger: "the component leaves out the key of the relay, and events of one object arrive in any order", Remedy: `set it to "true"`,
	},
	{
		ID: "gcp-reconnect", Severity: Error, Types: google, Source: "components-contrib, pubsub/gcp",
		each:   when("maxReconnectionAttempts", "30", isBelow(manyTries)),
		Danger: "after so many tries the component delivers nothing any more, while its sidecar stays healthy",
		Remedy: `set it to "100000"`,
	},
}
