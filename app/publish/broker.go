package publish

import "github.com/vcrelay/vcrelay/app/event"

// broker is what has to be known of a type of pub/sub component: what its bulk does, and which metadata of an entry it reads. An
// entry has no others: metadata cost relay and sidecar as much as the event.
type broker struct {
	inOrder bool // the events of a bulk request are stored in their order; all others publish them in parallel
	oneKey  bool // a bulk request takes events of one partition key only

	keys        []string // of what decides on the partition, and so on the order
	id          string   // key of the id by which a broker knows what it has; "" for none, as for the next
	contentType string   // key of the content type, where another one is stored without; others take it from the entry, or store none
}

// brokers are the pub/sub components of components-contrib v1.18.0, each with the file there that says so.
var brokers = map[string]broker{
	// common/component/kafka/producer.go: metadata become headers, the content type of an entry does not. With this header a record
	// is a CloudEvent of the Kafka protocol binding, section 3.3.
	"pubsub.kafka": {inOrder: true, keys: []string{"partitionKey"}, contentType: "content-type"},

	// pubsub/azure/eventhubs/eventhubs.go: refuses a request whose entries have different keys, each time.
	"pubsub.azure.eventhubs": {inOrder: true, oneKey: true, keys: []string{"partitionKey"}},

	"pubsub.azure.servicebus.topics": serviceBus,
	"pubsub.azure.servicebus":        serviceBus,
	"pubsub.azure.servicebus.queues": serviceBus,
	"pubsub.azure.servicebusqueues":  serviceBus,

	"pubsub.gcp.pubsub": {keys: []string{"orderingKey"}},               // pubsub/gcp/pubsub/pubsub.go: ignored without enableMessageOrdering
	"pubsub.pulsar":     {keys: []string{"partitionKey"}},              // pubsub/pulsar/pulsar.go
	"pubsub.rocketmq":   {keys: []string{"rocketmq-shardingkey"}},      // pubsub/rocketmq/rocketmq.go
	"pubsub.redis":      {keys: []string{"partitionKey"}},              // pubsub/redis/redis.go: stored beside the event, for whoever reads it
	"pubsub.rabbitmq":   {id: "messageID", contentType: "contentType"}, // pubsub/rabbitmq/rabbitmq.go: else text/plain

	"pubsub.vcrelay.eventbridge": {}, // of ours, app/eventbridge: a bus has neither keys nor order

	"pubsub.aws.snssqs":  {}, // pubsub/aws/snssqs/snssqs.go: the group of a FIFO topic is that of the component
	"pubsub.snssqs":      {},
	"pubsub.in-memory":   {}, // pubsub/in-memory/in-memory.go
	"pubsub.jetstream":   {}, // pubsub/jetstream/jetstream.go: reads the id in the event
	"pubsub.kubemq":      {}, // pubsub/kubemq/kubemq_events.go
	"pubsub.mqtt3":       {}, // pubsub/mqtt3/mqtt.go: only retain
	"pubsub.mqtt":        {},
	"pubsub.solace.amqp": {}, // pubsub/solace/amqp/amqp.go: only ttlInSeconds
}

// serviceBus is common/component/azure/servicebus/message.go. Who sends does not see what the queue or topic is like. With sessions
// it takes nothing without one, and without them ignores it; with partitions it refuses a batch of different keys; and both keys
// together have to be equal. The id is for its detection of duplicates.
var serviceBus = broker{inOrder: true, oneKey: true, keys: []string{"PartitionKey", "SessionId"}, id: "MessageId"}

// brokerOf is what is known of a type; any other, such as a pluggable one, is told the key by its usual name.
func brokerOf(componentType string) broker {
	if known, found := brokers[componentType]; found {
		return known
	}
	return broker{keys: []string{"partitionKey"}}
}

// metadata is that of an event's entry, nil for none. It belongs on the entry: on Kafka that of the request would replace it.
func (b *broker) metadata(e *event.Event) map[string]string {
	if len(b.keys) == 0 && b.id == "" && b.contentType == "" {
		return nil
	}
	metadata := make(map[string]string, len(b.keys)+2)
	for _, key := range b.keys {
		metadata[key] = e.PartitionKey()
	}
	if b.id != "" {
		metadata[b.id] = e.ID()
	}
	if b.contentType != "" {
		metadata[b.contentType] = event.ContentType
	}
	return metadata
}

// requests divides events into those that may be in one request, each in their order.
func (b *broker) requests(events []event.Event) [][]event.Event {
	if !b.oneKey {
		return [][]event.Event{events}
	}
	return grouped(events, (*event.Event).PartitionKey)
}

// grouped divides events by what of says, in the order of their first.
func grouped(events []event.Event, of func(*event.Event) string) (groups [][]event.Event) {
	place := make(map[string]int)
	for i := range events {
		at, there := place[of(&events[i])]
		if !there {
			at = len(groups)
			place[of(&events[i])] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], events[i])
	}
	return groups
}
