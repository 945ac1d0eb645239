package lint

import (
	"strconv"
	"strings"
)

var (
	kafka       = []string{"pubsub.kafka"}
	bothKafkas  = []string{"pubsub.kafka", "bindings.kafka"}
	kafkaReader = "topics" // with which a binding reads as well
)

var kafkaRules = []Rule{
	{
		ID: "kafka-consume-retry", Severity: Error, Types: kafka, Source: "components-contrib, common/component/kafka",
		each:   when("consumeRetryEnabled", "true", isFalse),
		Danger: "an event that failed to the end is passed over with the next one", Remedy: `leave it out, or set it to "true"`,
	},
	{
		ID: "kafka-headers", Severity: Note, Types: []string{"bindings.kafka"}, Source: "components-contrib, common/component/kafka",
		each:   when("excludeHeaderMetaRegex", "", isEmpty),
		Danger: "remains of the call, such as user-agent, become headers of each record",
		Remedy: "set it as in components/kafka-binding",
	},
	{
		ID: "kafka-initial-offset", Severity: Error, Types: bothKafkas, Source: "dapr/dapr#7799",
		each:   onlyReading(when("initialOffset", "newest", isNot("oldest"))),
		Danger: "a group without a stored offset begins with the next event, so a function that is new misses all before",
		Remedy: "set it to oldest",
	},
	{
		ID: "kafka-topic", Severity: Error, Types: []string{"bindings.kafka"}, Source: "components-contrib, bindings/kafka",
		each:   when("publishTopic", "", isEmpty),
		Danger: "there is nowhere to write to", Remedy: "set it to vcenter",
	},
	{
		ID: "kafka-version", Severity: Error, Types: bothKafkas, Source: "KIP-896",
		each:   when("version", "2.0.0", isOldKafka),
		Danger: "brokers of Kafka 4 and later refuse that protocol", Remedy: "set it to 2.8.0, or what your brokers are",
	},
}

// onlyReading leaves out bindings that do not read.
func onlyReading(find func(*set, *component) []hit) func(*set, *component) []hit {
	return func(s *set, c *component) []hit {
		if strings.HasPrefix(c.brand, "bindings.") && c.value(kafkaReader, "").text == "" {
			return nil
		}
		return find(s, c)
	}
}

// isOldKafka is true for a version before 2.1.
func isOldKafka(v value) bool {
	parts := strings.Split(strings.TrimSpace(v.text), ".")
	major, err := strconv.Atoi(parts[0])
	if err != nil || major != 2 || len(parts) < 2 {
		return err == nil && major < 2
	}
	minor, err := strconv.Atoi(parts[1])
	return err == nil && minor < 1
}
