package backends

import "slices"

// Phases of a certification. Each begins with its fault and lasts until the next one begins.
const (
	DownAtStart     = "broker down at the start"
	Quiet           = "quiet"
	Replica         = "second replica joins, is killed"
	BrokerStopped   = "broker stopped for 5 s"
	BrokerKilled    = "broker killed"
	SlowFunction    = "slow function"
	FailingFunction = "function refuses some events"
	Failing500      = "answers 500"
	Failing429      = "answers 429"
	Hanging         = "does not answer"
	FunctionSidecar = "function's sidecar killed"
	RelaySidecar    = "relay's sidecar killed"
	RelayKilled     = "relay killed"
	ComponentKilled = "component's process killed"
	LongOutage      = "broker down for 170 s"
	QuietAgain      = "quiet again"
)

// Backend is a component folder, and what its certification has to know of it.
type Backend struct {
	Name    string // of the folder
	Title   string
	Brokers []Broker // all are stopped and killed together

	// Where the relay sends, in place of the topic: VCRELAY_TARGET, VCRELAY_MODE, VCRELAY_DEADLETTER.
	Target, Mode, DeadLetter string

	Queue       bool              // the function reads a queue behind the bus: nothing subscribes through Dapr
	Primed      bool              // what is published before a function has subscribed is gone: the function comes first
	KeepsEntity bool              // with the settings of the folder a function gets the events of one entity in order
	Outage      bool              // the outage of 170 s also in the short form
	Loses       map[string]string // phases in which the backend may lose what it has acknowledged, with the reason
	Says        map[string]string // what has to be said of a phase
	CanLose     string            // what it can lose by its nature, for docs/backends.md
	NotRun      string            // why there is no certification
}

// Broker is a program that keeps the contract of test/backends/brokers: --listen, --dir, `ready`.
type Broker struct {
	Program string // path from the root of the source tree; empty for the test's own server
	Port    string // that the folder's components name
}

// HTTP reports whether the relay calls functions itself, without a broker between.
func (b *Backend) HTTP() bool { return b.Target != "" }

// Direct reports whether the function has no sidecar.
func (b *Backend) Direct() bool { return b.HTTP() || b.Queue }

const notReached = "the service is not reached: a proxy before it is away"

// deadLetters is where the folders of HTTP targets keep what was refused: a file for each event.
const deadLetters = "binding://deadletters?operation=create"

// All are the backends in the order of docs/backends.md.
func All() []Backend {
	return []Backend{
		{
			Name: "nats", Title: "NATS JetStream", Brokers: []Broker{{Program: "bin/broker", Port: "4222"}},
			KeepsEntity: true, Outage: true,
			Says:    map[string]string{FunctionSidecar: "an event that it held is delivered again after ackWait (30 s)"},
			CanLose: "at a power cut what it acknowledged in the last two minutes, unless it syncs always (`broker --sync-always`); nothing when only the server dies",
		},
		{
			Name: "kafka", Title: "Apache Kafka", Brokers: []Broker{{Program: "test/backends/brokers/kafka.sh", Port: "9092"}},
			KeepsEntity: true,
			CanLose:     "with one node, at a power cut, what the kernel had not written yet; with replicas and `min.insync.replicas` 2, nothing",
		},
		{
			Name: "redis", Title: "Redis Streams", Brokers: []Broker{{Program: "test/backends/brokers/redis.sh", Port: "6379"}}, KeepsEntity: true,
			CanLose: "without `appendonly yes` everything at a crash; with `appendfsync everysec` the last second at a power cut",
		},
		{
			Name: "rabbitmq", Title: "RabbitMQ", Brokers: []Broker{{Program: "test/backends/brokers/rabbitmq.sh", Port: "5672"}}, KeepsEntity: true, Primed: true,
			CanLose: "what is published before a queue is bound, without definitions.json; with a daprd without our patch also what it refuses",
		},
		{
			Name: "mqtt", Title: "MQTT 3 (Mosquitto)", Brokers: []Broker{{Program: "test/backends/brokers/mosquitto.sh", Port: "1883"}}, KeepsEntity: true, Primed: true,
			Loses:   map[string]string{BrokerKilled: "Mosquitto writes its store at intervals and at an orderly end"},
			CanLose: "what it acknowledged since it last wrote its store, what is published before a client has subscribed, and what goes beyond its limit of queued messages",
		},
		{
			Name: "postgres", Title: "PostgreSQL (state), NATS JetStream (events)",
			Brokers:     []Broker{{Program: "test/backends/brokers/postgresql.sh", Port: "5432"}, {Program: "bin/broker", Port: "4222"}},
			KeepsEntity: true, CanLose: "as NATS JetStream; PostgreSQL itself loses no committed position",
		},
		{
			Name: "http-openfaas", Title: "OpenFaaS gateway (HTTP)", Brokers: []Broker{{Port: "8080"}}, KeepsEntity: true,
			Target: "binding://functions?operation=post&path=/function/ledger", DeadLetter: deadLetters, Mode: "binary",
			CanLose: "nothing when it is called directly: an event counts once the function has answered. Behind `/async-function/` what its queue loses",
		},
		{
			Name: "http-knative", Title: "Knative broker (HTTP)", Brokers: []Broker{{Port: "8080"}}, KeepsEntity: true,
			Target: "binding://broker?operation=post&path=/default/default", DeadLetter: deadLetters, Mode: "binary",
			CanLose: "what the channel behind it loses after its 202; the one in memory loses everything at a crash",
		},
		{
			Name: "aws-eventbridge", Title: "Amazon EventBridge", Brokers: []Broker{{}}, Queue: true,
			Says: map[string]string{
				DownAtStart: notReached, BrokerStopped: notReached, BrokerKilled: notReached, LongOutage: notReached,
				SlowFunction: "the function reads an SQS queue behind a rule",
			},
			CanLose: "what matches no rule, and what a target did not take for 24 hours and has no dead-letter queue for; AWS itself has not been run, moto was in its place",
		},
		{Name: "aws-snssqs", Title: "Amazon SNS and SQS", NotRun: "not certified yet"},
		{Name: "kafka-binding", Title: "Apache Kafka as a binding", NotRun: "not certified yet"},
		{Name: "s3-archive", Title: "Archive on S3", NotRun: "not certified yet"},
		{Name: "azure-servicebus", Title: "Azure Service Bus", NotRun: "there is no server to run outside of Azure"},
		{Name: "azure-eventhubs", Title: "Azure Event Hubs", NotRun: "there is no server to run outside of Azure"},
		{Name: "gcp-pubsub", Title: "Google Cloud Pub/Sub", NotRun: "there is no server to run outside of Google Cloud"},
		{Name: "pulsar", Title: "Apache Pulsar", NotRun: "no package of it can be had without a container"},
	}
}

// Find returns the backend of that name.
func Find(name string) (Backend, bool) {
	all := All()
	n := slices.IndexFunc(all, func(b Backend) bool { return b.Name == name })
	if n < 0 {
		return Backend{}, false
	}
	return all[n], true
}
