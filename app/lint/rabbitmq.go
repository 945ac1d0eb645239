package lint

var rabbitmq = []string{"pubsub.rabbitmq"}

var rabbitmqRules = []Rule{
	{
		ID: "rabbitmq-auto-ack", Severity: Error, Types: rabbitmq, Source: "components-contrib, pubsub/rabbitmq",
		each:   when("autoAck", "false", isTrue),
		Danger: "an event counts as done when it is sent, whatever becomes of it", Remedy: `set it to "false"`,
	},
	{
		ID: "rabbitmq-concurrency", Severity: Warning, Types: rabbitmq, Source: "components-contrib, pubsub/rabbitmq",
		each:   when("concurrency", "", isGiven),
		Danger: "the component reads concurrencyMode, whatever its documentation says, and handles events in parallel",
		Remedy: "write concurrencyMode",
	},
	{
		ID: "rabbitmq-confirm", Severity: Error, Types: rabbitmq, Source: "components-contrib, pubsub/rabbitmq",
		each:   when("publisherConfirm", "false", isFalse),
		Danger: "the sidecar says yes before the broker has the event", Remedy: `set it to "true"`,
	},
	{
		ID: "rabbitmq-deleted-when-unused", Severity: Error, Types: rabbitmq, Source: "components-contrib, pubsub/rabbitmq",
		each:   when("deletedWhenUnused", "true", isTrue),
		Danger: "a queue is deleted, with all that waits in it, when the last sidecar of an app ends",
		Remedy: `set it to "false"`,
	},
	{
		ID: "rabbitmq-delivery-mode", Severity: Error, Types: rabbitmq, Source: "components-contrib, pubsub/rabbitmq",
		each:   when("deliveryMode", "0", isNot("2")),
		Danger: "events are kept in memory, and are gone when the broker restarts", Remedy: `set it to "2"`,
	},
	{
		ID: "rabbitmq-durable", Severity: Error, Types: rabbitmq, Source: "components-contrib, pubsub/rabbitmq",
		each:   when("durable", "true", isFalse),
		Danger: "queues and exchanges are gone when the broker restarts", Remedy: `set it to "true"`,
	},
	{
		ID: "rabbitmq-limit", Severity: Error, Types: rabbitmq, Source: "RabbitMQ documentation",
		each: anyOf(when("maxLen", "0", isPositive), when("maxLenBytes", "0", isPositive), when("ttlInSeconds", "", isGiven),
			when("ttl", "", isGiven)),
		Danger: "what no function has taken by then is dropped", Remedy: "leave it out",
	},
	{
		ID: "rabbitmq-nack", Severity: Note, Types: rabbitmq, Source: "measured: 4 sent, 1 stored, 4 acknowledged",
		each:   always("what the broker refuses after it was sent"),
		Danger: "a daprd without the patch of tools/daprd logs a nack, such as that of a queue that is full, and tells the relay that the event is stored",
		Remedy: "take the daprd of vcrelay, or have no policy with max-length and reject-publish on these queues; docs/lint.md says more",
	},
	{
		ID: "rabbitmq-requeue", Severity: Error, Types: rabbitmq, Source: "components-contrib, pubsub/rabbitmq",
		each:   when("requeueInFailure", "false", isFalse),
		Danger: "an event that failed, and that could not be dead-lettered either, is thrown away", Remedy: `set it to "true"`,
	},
	{
		ID: "rabbitmq-unbound", Severity: Note, Types: rabbitmq, Source: "measured, dapr/components-contrib#4257",
		each:   always("a topic to which no queue is bound"),
		Danger: "the broker acknowledges what it then drops, as long as no function has subscribed once",
		Remedy: "start the functions' sidecars before the relay, also that of the dead letters, or give the exchanges an alternate one with a queue",
	},
}
