package local

// backend is a program that components keep their events or their state in.
type backend struct {
	name   string // of its process, and of its script
	title  string // for people
	folder string // of its data
	port   string // on which it usually listens
}

// script is what runs it, below the source tree; "" for the embedded broker.
func (b *backend) script() string {
	if b == jetstream {
		return ""
	}
	return "test/backends/brokers/" + b.name + ".sh"
}

var (
	jetstream  = &backend{name: "broker", title: "NATS JetStream", folder: "nats", port: "4222"}
	kafka      = &backend{name: "kafka", title: "Kafka", folder: "kafka", port: "9092"}
	redis      = &backend{name: "redis", title: "Redis", folder: "redis", port: "6379"}
	rabbitmq   = &backend{name: "rabbitmq", title: "RabbitMQ", folder: "rabbitmq", port: "5672"}
	mosquitto  = &backend{name: "mosquitto", title: "Mosquitto", folder: "mosquitto", port: "1883"}
	postgresql = &backend{name: "postgresql", title: "PostgreSQL", folder: "postgresql", port: "5432"}

	backends = []*backend{jetstream, kafka, redis, rabbitmq, mosquitto, postgresql} // in the order of their start
)

// reference is how components of one type say where their backend is.
type reference struct {
	backend *backend
	key     string // of the metadata
	form    form
}

// references is by the type of the component, in lower case as Dapr compares it. The keys and forms are those that
// components-contrib v1.18.0 reads.
var references = map[string]reference{
	"pubsub.jetstream": {jetstream, "natsURL", urls{"nats"}},
	"pubsub.kafka":     {kafka, "brokers", hosts{}},
	"bindings.kafka":   {kafka, "brokers", hosts{}},
	"pubsub.redis":     {redis, "redisHost", hosts{}},
	"state.redis":      {redis, "redisHost", hosts{}},
	"pubsub.rabbitmq":  {rabbitmq, "connectionString", urls{"amqp"}},
	"pubsub.mqtt3":     {mosquitto, "url", urls{"mqtt"}},
	"state.postgresql": {postgresql, "connectionString", words{}},
}
