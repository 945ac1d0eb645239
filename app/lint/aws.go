package lint

import (
	"strconv"
	"strings"
	"time"
)

var snssqs = []string{"pubsub.aws.snssqs", "pubsub.snssqs"}

var awsRules = []Rule{
	{
		ID: "snssqs-deleted", Severity: Error, Types: snssqs, Source: "components-contrib, pubsub/aws/snssqs",
		each:   deletedAtTheLimit,
		Danger: "an event that was received so often is deleted, and receipts that end with a killed sidecar count as well",
		Remedy: `set it to "1000000", or disableDeleteOnRetryLimit to "true"`,
	},
	{
		ID: "snssqs-no-queue", Severity: Note, Types: snssqs, Source: "SNS documentation",
		each:   always("a topic to which no queue has subscribed"),
		Danger: "SNS acknowledges what it then drops, as long as no function has subscribed once",
		Remedy: "start the functions' sidecars before the relay, also that of the dead letters; their queues stay",
	},
	{
		ID: "snssqs-visibility", Severity: Error, Types: snssqs, Source: "components-contrib, pubsub/aws/snssqs",
		each:   visibleTooSoon,
		Danger: "an event that is still worked on, or that waits for its turn, is delivered to another sidecar",
		Remedy: "set it to more, in seconds, or messageMaxNumber to 1",
	},
	{
		ID: "snssqs-order", Severity: Warning, Types: snssqs, Source: "components-contrib, pubsub/aws/snssqs",
		each:   orderInParallel,
		Danger: "a FIFO queue keeps the order, and then its events are handled side by side", Remedy: "set concurrencyMode to single",
	},
}

// manyReceipts is a limit that no outage uses up.
const manyReceipts = 1000

func deletedAtTheLimit(_ *set, c *component) []hit {
	limit := c.value("messageRetryLimit", "10")
	if n, ok := limit.number(); !ok || n >= manyReceipts || c.value("disableDeleteOnRetryLimit", "false").truth() || c.value("sqsDeadLettersQueueName", "").set {
		return nil
	}
	return []hit{{at: limit.at, what: limit.what() + ", and disableDeleteOnRetryLimit is not true"}}
}

// visibleTooSoon compares the time for which SQS hides an event with what may happen to all that were received with it.
func visibleTooSoon(s *set, c *component) []hit {
	hidden, most, mode := c.value("messageVisibilityTimeout", "10"), c.value("messageMaxNumber", "10"), c.value("concurrencyMode", "parallel")
	timeout, ok := hidden.duration(time.Second)
	longest, known := s.inbound(c.name).longest()
	n, counted := most.number()
	if !strings.EqualFold(mode.text, "single") {
		n = 1 // they do not wait for each other
	}
	if !ok || !known || !counted || timeout >= time.Duration(n)*longest {
		return nil
	}
	return []hit{{at: hidden.at, what: hidden.what() + ", and all tries of " + strconv.Itoa(n) + " may take " + (time.Duration(n) * longest).String()}}
}

func orderInParallel(_ *set, c *component) []hit {
	mode := c.value("concurrencyMode", "parallel")
	if !c.value("fifo", "false").truth() || strings.EqualFold(mode.text, "single") {
		return nil
	}
	return []hit{{at: mode.at, what: "fifo is true, and " + mode.what()}}
}
