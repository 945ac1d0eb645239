package lint

import "strings"

var mqtt = []string{"pubsub.mqtt3", "pubsub.mqtt"}

var mqttRules = []Rule{
	{
		ID: "mqtt-clean-session", Severity: Error, Types: mqtt, Source: "MQTT 3.1.1, 3.1.2.4",
		each:   when("cleanSession", "false", isTrue),
		Danger: "the broker forgets the subscription with the connection, and drops what is published until the next one",
		Remedy: `set it to "false"`,
	},
	{
		ID: "mqtt-client-id", Severity: Error, Types: mqtt, Source: "components-contrib, pubsub/mqtt3",
		each:   sharedClient,
		Danger: "it is the name of the client as well, and each sidecar that connects with it throws out the one before",
		Remedy: `set it to "{appID}", with one replica for each app, or scope the component to one app`,
	},
	{
		ID: "mqtt-no-session", Severity: Note, Types: mqtt, Source: "MQTT 3.1.1, 4.1",
		each:   always("a topic to which no session has subscribed"),
		Danger: "the broker acknowledges what it then drops, as long as no function has subscribed once",
		Remedy: "start the functions' sidecars before the relay, also that of the dead letters; their sessions stay",
	},
	{
		ID: "mqtt-qos", Severity: Error, Types: mqtt, Source: "MQTT 3.1.1, 4.3",
		each:   when("qos", "1", is("0")),
		Danger: "neither the broker nor a function acknowledges an event", Remedy: `set it to "1"`,
	},
	{
		ID: "mqtt-retain", Severity: Warning, Types: mqtt, Source: "MQTT 3.1.1, 3.3.1.3",
		each:   when("retain", "false", isTrue),
		Danger: "each sidecar that connects is given the last event once more", Remedy: `set it to "false"`,
	},
}

func sharedClient(_ *set, c *component) []hit {
	id := c.value("consumerID", "{appID}")
	if !id.plain || strings.Contains(id.text, "{") || len(c.list("scopes")) == 1 {
		return nil
	}
	return []hit{{at: id.at, what: id.what() + " in every sidecar"}}
}
