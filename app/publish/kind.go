package publish

import "strings"

// kind is what has to be known of a type of output binding. The metadata keys are those that components-contrib v1.18.0 reads in
// bindings/<type>; docs/decisions/0019-bindings.md has the list with what was looked at.
type kind struct {
	operations []string // that store what they are given; nil for whatever there may be
	status     bool     // a call answers with the status of HTTP, in the metadata statusCode

	contentType string // key of the content type; "" for none, as for the other keys
	partition   string // key of what decides on the partition, and so on the order
	id          string // key of the id by which a broker knows what it has
	name        string // key of the object's name; without a name it would be another object at each try

	attribute func(name, value string) (header, text string) // an attribute in binary mode; nil where there is no such mode
}

// objectName is what an object is called where the target does not say: in a folder per day, and the same at each try.
const objectName = "{date}/{id}.json"

var (
	create = []string{"create"}

	kinds = map[string]kind{
		"bindings.http":                    {operations: []string{"create", "post", "put", "patch"}, contentType: "Content-Type", status: true, attribute: httpHeader},
		"bindings.kafka":                   {operations: create, contentType: "content-type", partition: "partitionKey", attribute: kafkaHeader},
		"bindings.aws.kinesis":             {operations: create, partition: "partitionKey"},
		"bindings.aws.sqs":                 {operations: create},
		"bindings.azure.eventgrid":         {operations: create},
		"bindings.azure.eventhubs":         {operations: create, contentType: "contentType", partition: "partitionKey"},
		"bindings.azure.servicebus.queues": {operations: create, contentType: "ContentType", id: "MessageId"},
		"bindings.azure.servicebusqueues":  {operations: create, contentType: "ContentType", id: "MessageId"},
		"bindings.azure.storagequeues":     {operations: create},
		"bindings.gcp.pubsub":              {operations: create},
		"bindings.mqtt3":                   {operations: create},
		"bindings.mqtt":                    {operations: create},
		"bindings.alicloud.oss":            {operations: create, name: "key"},
		"bindings.aws.s3":                  {operations: create, contentType: "Content-Type", name: "key"},
		"bindings.azure.blobstorage":       {operations: create, contentType: "contentType", name: "blobName"},
		"bindings.gcp.bucket":              {operations: create, contentType: "contentType", name: "key"},
		"bindings.huawei.obs":              {operations: create, name: "key"},
		"bindings.localstorage":            {operations: create, name: "fileName"},
		"bindings.redis":                   {operations: create, name: "key"},
		"bindings.sftp":                    {operations: create, name: "fileName"},
	}

	// anyKind is a binding that is not known here, such as a pluggable one.
	anyKind = kind{contentType: "Content-Type", partition: "partitionKey"}

	// unfit are bindings that say yes to events which they do not store, and what to use in their place.
	unfit = map[string]string{
		"bindings.aws.sns":    "it publishes the member `message` of what it is given, which an event has not; use pubsub.aws.snssqs",
		"bindings.graphql":    "it runs the query of its metadata and leaves out what it is given; use a function that does it",
		"bindings.mysql":      "it runs the SQL of its metadata and leaves out what it is given; use a function that does it",
		"bindings.postgres":   "it runs the SQL of its metadata and leaves out what it is given; use a function that does it",
		"bindings.postgresql": "it runs the SQL of its metadata and leaves out what it is given; use a function that does it",
		"bindings.rabbitmq":   "it says yes before the broker does, and what is lost then is lost; use pubsub.rabbitmq with publisherConfirm",
	}
)

// httpHeader is the HTTP protocol binding of CloudEvents 1.0, section 3.1.3. Dapr turns only keys with a capital letter first
// into headers.
func httpHeader(name, value string) (header, text string) { return "Ce-" + name, encodeHeader(value) }

// kafkaHeader is the Kafka protocol binding of CloudEvents 1.0, section 3.2.3: texts as they are.
func kafkaHeader(name, value string) (header, text string) { return "ce_" + name, value }

// encodeHeader percent-encodes what CloudEvents does not allow in a header of HTTP (section 3.1.3.2): the space, the double quote,
// the percent sign, and all that is not printable ASCII, byte by byte.
func encodeHeader(value string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(value) {
		if c := value[i]; c > ' ' && c <= '~' && c != '"' && c != '%' {
			out.WriteByte(c)
		} else {
			out.Write([]byte{'%', digits[c>>4], digits[c&0xf]})
		}
	}
	return out.String()
}
