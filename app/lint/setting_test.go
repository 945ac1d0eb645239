package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/lint"
)

// found are the rules, without notes, that a component with these settings breaks beside a Resiliency.
func found(t *testing.T, brand, scopes, policy string, settings ...string) []string {
	t.Helper()
	text := "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: events}\nspec:\n  type: " + brand + "\n  version: v1\n"
	if len(settings) > 0 {
		text += "  metadata:\n"
	}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		if strings.HasPrefix(value, "{secret") {
			text += fmt.Sprintf("    - name: %s\n      secretKeyRef: {name: x, key: y}\n", name)
			continue
		}
		text += fmt.Sprintf("    - {name: %s, value: %q}\n", name, value)
	}
	text += "scopes: [" + scopes + "]\n"
	dirs := []string{written(t, text)}
	if policy != "" {
		dirs = append(dirs, written(t, policy))
	}
	var rules []string
	for _, f := range findings(t, dirs...) {
		if f.Severity != lint.Note {
			rules = append(rules, f.Rule)
		}
	}
	return rules
}

func policy(retry, inbound string) string {
	return "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {name: x}\nspec:\n  policies:\n    timeouts: {short: 8000}\n" +
		"    retries: {" + retry + "}\n  targets:\n    components:\n      " + inbound + "\n"
}

const (
	nats  = "natsURL=nats://127.0.0.1:4222 durableName={appID} queueGroupName={appID} "
	kafka = "brokers=127.0.0.1:9092 authType=none initialOffset=oldest "
)

func TestASettingIsReadAsTheComponentReadsIt(t *testing.T) {
	for _, c := range []struct {
		brand, settings, scopes string
		want                    []string
	}{
		{"pubsub.kafka", kafka + "version=2.1.0", "", nil},
		{"pubsub.kafka", kafka + "version=4.0.0", "", nil},
		{"pubsub.kafka", kafka + "version=1.0.0", "", []string{"kafka-version"}},
		{"pubsub.kafka", kafka + "version=0.10.2.0", "", []string{"kafka-version"}},
		{"pubsub.kafka", kafka + "VERSION=2.8.0", "", nil},
		{"pubsub.kafka", kafka + "version={secret}", "", nil},
		{"pubsub.kafka", kafka + "version=2.8.0 version=1.0.0", "", []string{"duplicate-setting", "kafka-version"}},
		{"pubsub.kafka", kafka + "version=1.0.0 Version=2.8.0", "", []string{"duplicate-setting"}},
		{"pubsub.Kafka", kafka + "version=2.8.0 verison=2.8.0", "", []string{"unknown-setting"}},
		{"pubsub.kafka", kafka + "version=2.8.0 saslPassword={secret}", "", nil},
		{"pubsub.kafka", kafka + "version=2.8.0 saslPassword=x", "", []string{"plain-secret"}},
		{"pubsub.kafka", kafka + "version=2.8.0 consumerGroup=a", "", []string{"shared-consumer"}},
		{"pubsub.kafka", kafka + "version=2.8.0 consumerGroup=a", "echo", nil},
		{"pubsub.kafka", kafka + "version=2.8.0 consumerGroup=a", "echo, audit", []string{"shared-consumer"}},
		{"pubsub.kafka", kafka + "version=2.8.0 consumerID={podName}", "", []string{"new-consumer"}},
		{"pubsub.kafka", kafka + "version=2.8.0 consumeRetryEnabled=yes", "", nil},
		{"bindings.kafka", "brokers=a authType=none version=2.8.0 publishTopic=x topics=y", "", []string{"kafka-initial-offset"}},
		{"bindings.http", "url=http://a maxResponseBodySize=4Mi", "", nil},
		{"bindings.http", "url=http://a maxResponseBodySize=4194305", "", []string{"http-answer"}},
		{"bindings.http", "url=http://a maxResponseBodySize=5M", "", []string{"http-answer"}},
		{"bindings.http", "url=http://a maxResponseBodySize=1G", "", []string{"http-answer"}},
		{"bindings.http", "url=http://a maxResponseBodySize=0", "", []string{"http-answer"}},
		{"pubsub.redis", "redisHost=a redeliverInterval=15000 processingTimeout=60s", "", nil},
		{"pubsub.redis", "redisHost=a processingTimeout=0s", "", []string{"redis-redelivery"}},
		{"pubsub.redis", "redisHost=a streamTTL=24h", "", []string{"redis-trimmed"}},
		{"pubsub.redis", "redisHost=a maxLenApprox=0", "", nil},
		{"pubsub.mqtt3", "url=tcp://a consumerID=one", "echo", nil},
		{"pubsub.mqtt3", "url=mqtt://me:secret@a", "", []string{"plain-secret"}},
		{"pubsub.mqtt3", "url=mqtt://me:secret@localhost", "", nil},
		{"pubsub.mqtt3", "url=tcp://a qos=2", "", nil},
		{"pubsub.pulsar", "host=a subscribeInitialPosition=EARLIEST vcenter.jsonschema={}", "", nil},
		{"pubsub.pulsar", "host=a subscribeInitialPosition=earliest subscribeType=key_shared disableBatching=true", "", nil},
		{"pubsub.aws.snssqs", "fifo=true concurrencyMode=single messageRetryLimit=1000000", "", nil},
		{"pubsub.jetstream", nats + "ackWait=30s deliverPolicy=all maxDeliver=-1", "", nil},
		{"pubsub.jetstream", nats + "ackWait={secret}", "", nil},
		{"pubsub.azure.servicebus.topics", "namespaceName=a maxDeliveryCount=2000 lockRenewalInSec=60", "", []string{"servicebus-lock"}},
		{"pubsub.somebody.else", "anything=goes", "", nil},
		{"state.postgresql", "connectionString=host=db.example.com;password=x", "vcrelay", []string{"plain-secret"}},
		{"state.sqlite", "connectionString=x.db keyPrefix=appid", "vcrelay", nil},
		{"state.consul", "", "vcrelay", []string{"state-etag"}},
	} {
		got := found(t, c.brand, c.scopes, "", strings.Fields(c.settings)...)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %s scopes [%s]: %v, want %v", c.brand, c.settings, c.scopes, got, c.want)
		}
	}
}

func TestTheTimeOfAllTriesIsThatOfThePolicyThatDaprTakes(t *testing.T) {
	const events = "events: {inbound: {timeout: short, retry: some}}"
	for _, c := range []struct {
		name, policy, ackWait string
		want                  []string
	}{
		{"8 + 1 + 8 + 1 + 8 s fit into 26", policy("some: {policy: constant, duration: 1s, maxRetries: 2}", events), "26s", nil},
		{"and not into 25", policy("some: {policy: constant, duration: 1s, maxRetries: 2}", events), "25s", []string{"jetstream-ack-wait"}},
		{"a number is of seconds for a component", policy("some: {policy: constant, duration: 1s, maxRetries: 2}", events), "25", []string{"jetstream-ack-wait"}},
		{"a pause is 5 s where nothing is said: 21 s", policy("some: {policy: constant, maxRetries: 1}", events), "20s", []string{"jetstream-ack-wait"}},
		{"and a number of milliseconds for a policy: 16.5 s", policy("some: {duration: 500, maxRetries: 1}", events), "17s", nil},
		{"exponential pauses of up to 0.75 and 1.125 s: 25.875 s", policy("some: {policy: exponential, maxRetries: 2}", events), "25800ms", []string{"jetstream-ack-wait"}},
		{"which fit", policy("some: {policy: exponential, maxRetries: 2}", events), "25900ms", nil},
		{"or less, at most 0.6 s each", policy("some: {policy: exponential, maxInterval: 400ms, maxRetries: 2}", events), "25300ms", nil},
		{"no retry: 8 s", policy("some: {maxRetries: 9}", "events: {inbound: {timeout: short}}"), "8s", nil},
		{"the defaults, where nothing names the component", policy("DefaultPubsubComponentInboundRetryPolicy: {duration: 1s, maxRetries: 2}",
			"others: {inbound: {retry: x}}"), "1s", []string{"resiliency-component", "resiliency-timeout"}},
		{"not where something does", policy("DefaultRetryPolicy: {maxRetries: -1}", "events: {outbound: {timeout: short}}"), "1s", []string{"resiliency-timeout"}},
	} {
		got := found(t, "pubsub.jetstream", "", c.policy, append(strings.Fields(nats), "maxAckPending=1", "ackWait="+c.ackWait)...)
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestEventsThatDoNotWaitForEachOtherNeedNoLongerAckWait(t *testing.T) {
	p := policy("some: {duration: 1s, maxRetries: 2}", "events: {inbound: {timeout: short, retry: some}}")
	for settings, want := range map[string]int{
		"maxAckPending=10": 1, "": 1, "maxAckPending=10 concurrency=parallel": 0, "maxAckPending=10 concurrencyMode=parallel": 0,
		"maxAckPending=10 concurrency=parallel concurrencyMode=single": 1, "maxAckPending=1": 0,
	} {
		if got := found(t, "pubsub.jetstream", "", p, append(strings.Fields(nats+"ackWait=30s"), strings.Fields(settings)...)...); len(got) != want {
			t.Errorf("%s: %v, want %d", settings, got, want)
		}
	}
}

func TestEventsOfSQSThatDoNotWaitForEachOtherMayBeHiddenForLess(t *testing.T) {
	p := policy("some: {duration: 1s, maxRetries: 2}", "events: {inbound: {timeout: short, retry: some}}")
	for settings, want := range map[string]int{"": 0, "concurrencyMode=single": 1, "concurrencyMode=single messageMaxNumber=1": 0} {
		settings += " messageVisibilityTimeout=30 disableDeleteOnRetryLimit=true"
		if got := found(t, "pubsub.aws.snssqs", "", p, strings.Fields(settings)...); len(got) != want {
			t.Errorf("%s: %v, want %d", settings, got, want)
		}
	}
}
