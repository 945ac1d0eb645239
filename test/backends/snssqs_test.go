//go:build e2e

package backends_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/relay/relaytest"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

// subscribe makes an SNS topic and an SQS queue, both FIFO, that gets what is published there, and returns a function that takes what has
// come: the messages themselves.
func (m *moto) subscribe(topic, queue string) (come func() []string) {
	m.t.Helper()
	answer := m.ask("sqs", "AmazonSQS.CreateQueue", map[string]any{"QueueName": queue, "Attributes": map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}})
	address, _ := answer["QueueUrl"].(string)
	const prefix = "arn:aws:"
	for _, form := range []url.Values{
		{
			"Action": {"CreateTopic"}, "Name": {topic}, "Attributes.entry.1.key": {"FifoTopic"}, "Attributes.entry.1.value": {"true"},
			"Attributes.entry.2.key": {"ContentBasedDeduplication"}, "Attributes.entry.2.value": {"true"},
		},
		{
			"Action": {"Subscribe"}, "Protocol": {"sqs"}, "TopicArn": {prefix + "sns:" + awsRegion + ":" + awsAccount + ":" + topic},
			"Endpoint": {prefix + "sqs:" + awsRegion + ":" + awsAccount + ":" + queue},
		},
	} {
		m.sns(form)
	}
	return func() (all []string) {
		for _, body := range m.drain(address) {
			var envelope struct{ Message string }
			if err := json.Unmarshal([]byte(body), &envelope); err != nil {
				m.t.Fatalf("%v: %s", err, body)
			}
			all = append(all, envelope.Message)
		}
		return all
	}
}

// sns calls an action of SNS, which speaks no JSON.
func (m *moto) sns(form url.Values) (answer string) {
	m.t.Helper()
	form.Set("Version", "2010-03-31")
	return string(m.request("sns", http.MethodPost, "/", []byte(form.Encode()), map[string]string{"Content-Type": "application/x-www-form-urlencoded"}))
}

// The settings are those of components/aws-snssqs.
func TestAFunctionBehindSNSAndSQSGetsEachEventOnceInOrderAndOneThatItFailsIsADeadLetter(t *testing.T) {
	program, m := teststack.Binary(t), startMoto(t)
	letters := m.subscribe("vcenter-deadletter.fifo", "letters.fifo")
	ledger := filepath.Join(t.TempDir(), "delivered.ids")
	subscription, err := filepath.Abs("../../functions/echo/dapr")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(freeLoopback(t))
	stack := startSidecars(t, m.folder("aws-snssqs")+", "+subscription,
		"  - {appID: vcrelay, appDirPath: .}\n",
		"  - {appID: echo, appDirPath: ., appPort: "+port+", command: ["+program+", function, echo], "+
			"env: {VCRELAY_ECHO_LEDGER: "+ledger+", VCRELAY_ECHO_FAIL: ^VmRenamedEvent$}}\n")
	target, events := publisher(t, stack), powered(1, 60)
	events[30].Class = "VmRenamedEvent"
	within(t, "the function's queue is subscribed: SNS forgets what it has no queue for", func() bool {
		return strings.Contains(m.sns(url.Values{"Action": {"ListSubscriptions"}}), ":echo.fifo")
	})
	var want []string
	for i := range events { // each in a request of its own: those of one request have no order
		if err := target.Publish(t.Context(), events[i:i+1]); err != nil {
			t.Fatal(err)
		}
		if i != 30 {
			want = append(want, events[i].ID())
		}
	}
	delivered := func() []string {
		text, _ := os.ReadFile(ledger)
		return slices.DeleteFunc(strings.Fields(string(text)), func(id string) bool { return id == events[30].ID() })
	}
	within(t, "all events reach the function", func() bool { return len(delivered()) >= len(want) })
	var dead []string
	within(t, "the dead letter is there", func() bool { dead = append(dead, letters()...); return len(dead) > 0 })
	if got := delivered(); !slices.Equal(got, want) {
		t.Errorf("the function got %d events\n%v\nwant %d\n%v", len(got), got, len(want), want)
	}
	if len(dead) != 1 || relaytest.ParseMessage([]byte(dead[0])).ID != events[30].ID() {
		t.Errorf("%d dead letters: %.500v", len(dead), dead)
	}
}
