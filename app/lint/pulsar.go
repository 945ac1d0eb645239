package lint

import "strings"

var pulsar = []string{"pubsub.pulsar"}

var pulsarRules = []Rule{
	{
		ID: "pulsar-batches", Severity: Warning, Types: pulsar, Source: "Pulsar documentation, components-contrib, pubsub/pulsar",
		each:   keysInBatches,
		Danger: "a batch goes where the key of its first event belongs, so that the order of the others is lost",
		Remedy: `set disableBatching to "true"`,
	},
	{
		ID: "pulsar-exclusive", Severity: Warning, Types: pulsar, Source: "Pulsar documentation",
		each:   when("subscribeType", "shared", is("exclusive")),
		Danger: "a second sidecar of the app is refused, and does not take over when the first one dies",
		Remedy: "set it to key_shared or failover",
	},
	{
		ID: "pulsar-no-subscription", Severity: Note, Types: pulsar, Source: "Pulsar documentation",
		each:   always("a topic that has no subscription"),
		Danger: "Pulsar acknowledges what it then drops, as long as no function has subscribed once and the namespace has no retention",
		Remedy: "set a retention, or start the functions' sidecars before the relay, also that of the dead letters",
	},
	{
		ID: "pulsar-persistent", Severity: Error, Types: pulsar, Source: "components-contrib, pubsub/pulsar",
		each:   when("persistent", "true", isFalse),
		Danger: "brokers keep the topic in memory only", Remedy: `set it to "true"`,
	},
	{
		ID: "pulsar-position", Severity: Error, Types: pulsar, Source: "components-contrib, pubsub/pulsar",
		each:   when("subscribeInitialPosition", "latest", isNot("earliest")),
		Danger: "a function that is new never sees what was published before", Remedy: "set it to earliest",
	},
	{
		ID: "pulsar-subscribe-mode", Severity: Error, Types: pulsar, Source: "components-contrib, pubsub/pulsar",
		each:   when("subscribeMode", "durable", isNot("durable")),
		Danger: "the subscription ends with its connection, and nobody is given what is published until the next one begins",
		Remedy: "set it to durable",
	},
	{
		ID: "pulsar-tls", Severity: Warning, Types: pulsar, Source: "components-contrib, pubsub/pulsar",
		each:   anyCertificate,
		Danger: "any certificate is accepted", Remedy: `set enableTLS to "true"`,
	},
}

func keysInBatches(_ *set, c *component) []hit {
	kind := c.value("subscribeType", "shared")
	if batching := c.value("disableBatching", "false"); strings.EqualFold(kind.text, "key_shared") && !batching.truth() {
		return []hit{{at: kind.at, what: kind.what() + ", and disableBatching is not true"}}
	}
	return nil
}

func anyCertificate(_ *set, c *component) []hit {
	host := c.value("host", "")
	if secure := strings.HasPrefix(host.text, "pulsar+ssl:") || strings.HasPrefix(host.text, "https:"); secure && !c.value("enableTLS", "false").truth() {
		return []hit{{at: host.at, what: host.what() + ", and enableTLS is not true"}}
	}
	return nil
}
