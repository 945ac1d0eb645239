//go:build e2e

package backends_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/local"
	"github.com/vcrelay/vcrelay/app/local/process"
	"github.com/vcrelay/vcrelay/app/local/runfile"
	teststack "github.com/vcrelay/vcrelay/test/stack"
)

const (
	awsPatience = 60 * time.Second
	awsRegion   = "eu-central-1"
	awsAccount  = "123456789012" // that of moto
)

// moto is a server that answers as AWS does.
type moto struct {
	t       *testing.T
	address string
	process *process.Process
}

// startMoto runs one until the test ends. Where it is not installed the test fails, and says how to install it.
func startMoto(t *testing.T) *moto {
	t.Helper()
	m := &moto{t: t, address: freeLoopback(t)}
	m.process = startAWSProgram(t, "ready ", nil, "../../test/backends/brokers/moto.sh", "--listen", m.address, "--dir", t.TempDir())
	for name, value := range map[string]string{ // what sidecar and component inherit
		"AWS_ACCESS_KEY_ID": "moto", "AWS_SECRET_ACCESS_KEY": "moto", "AWS_REGION": awsRegion, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
	} {
		t.Setenv(name, value)
	}
	return m
}

// startAWSProgram runs a program until the test ends, and returns when it has written a line with the text.
func startAWSProgram(t *testing.T, text string, env []string, program string, arguments ...string) *process.Process {
	t.Helper()
	said := &awaited{text: text, there: make(chan struct{})}
	cmd := exec.Command(program, arguments...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = said, said
	running, err := process.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { running.Stop(context.Background(), 10*time.Second) })
	select {
	case <-said.there:
	case <-running.Done():
		t.Fatalf("%s ended (%s): %s", program, running.Exit(), said.all())
	case <-time.After(awsPatience):
		t.Fatalf("%s was not ready in time: %s", program, said.all())
	}
	return running
}

// awaited is an output in which a text is waited for.
type awaited struct {
	text  string
	there chan struct{}

	mu   sync.Mutex
	said bytes.Buffer
}

func (a *awaited) Write(part []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := strings.Contains(a.said.String(), a.text)
	a.said.Write(part)
	if !before && strings.Contains(a.said.String(), a.text) {
		close(a.there)
	}
	return len(part), nil
}

func (a *awaited) all() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.said.String()
}

// freeze has moto answer nobody until the returned function is called.
func (m *moto) freeze() (thaw func()) {
	m.t.Helper()
	if err := syscall.Kill(-m.process.PID(), syscall.SIGSTOP); err != nil {
		m.t.Fatal(err)
	}
	return func() { _ = syscall.Kill(-m.process.PID(), syscall.SIGCONT) }
}

// ask calls an action of one of the services that speak JSON, such as AmazonSQS.CreateQueue. moto tells the service by who signed.
func (m *moto) ask(service, action string, input any) (output map[string]any) {
	m.t.Helper()
	output = make(map[string]any)
	if err := m.call(m.t.Context(), service, action, input, &output); err != nil {
		m.t.Fatal(err)
	}
	return output
}

// call is ask where no test may end.
func (m *moto) call(ctx context.Context, service, action string, input, output any) error {
	body, err := json.Marshal(input)
	if err != nil {
		return err
	}
	text, err := m.send(ctx, service, http.MethodPost, "/", body, map[string]string{"X-Amz-Target": action, "Content-Type": "application/x-amz-json-1.1"})
	if err != nil || len(text) == 0 {
		return err
	}
	return json.Unmarshal(text, output)
}

func (m *moto) request(service, method, path string, body []byte, header map[string]string) []byte {
	m.t.Helper()
	text, err := m.send(m.t.Context(), service, method, path, body, header)
	if err != nil {
		m.t.Fatal(err)
	}
	return text
}

func (m *moto) send(ctx context.Context, service, method, path string, body []byte, header map[string]string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+m.address+path, bytes.NewReader(body)) // #nosec G704 -- on loopback
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=moto/20260101/"+awsRegion+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request) // #nosec G704 -- as above
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s of %s: %s: %s", method, path, service, answer.Status, text)
	}
	return text, err
}

// queue makes a queue and returns its URL and ARN.
func (m *moto) queue(name string) (address, arn string) {
	m.t.Helper()
	address, _ = m.ask("sqs", "AmazonSQS.CreateQueue", map[string]any{"QueueName": name})["QueueUrl"].(string)
	return address, "arn:aws:sqs:" + awsRegion + ":" + awsAccount + ":" + name
}

// message is one of a queue.
type message struct{ body, receipt string }

// receive takes up to ten messages; who does not remove them gets them again.
func (m *moto) receive(ctx context.Context, queue string) (all []message, err error) {
	var answer struct {
		Messages []struct{ Body, ReceiptHandle string }
	}
	err = m.call(ctx, "sqs", "AmazonSQS.ReceiveMessage", map[string]any{"QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0}, &answer)
	for _, one := range answer.Messages {
		all = append(all, message{body: one.Body, receipt: one.ReceiptHandle})
	}
	return all, err
}

// remove takes out of the queue what receive has returned.
func (m *moto) remove(ctx context.Context, queue string, messages []message) error {
	var entries []any
	for i, one := range messages {
		entries = append(entries, map[string]any{"Id": strconv.Itoa(i), "ReceiptHandle": one.receipt})
	}
	var answer struct{ Failed []any }
	err := m.call(ctx, "sqs", "AmazonSQS.DeleteMessageBatch", map[string]any{"QueueUrl": queue, "Entries": entries}, &answer)
	if err == nil && len(answer.Failed) > 0 {
		err = fmt.Errorf("remove messages: %v", answer.Failed)
	}
	return err
}

// drain takes all messages out of a queue and returns their bodies.
func (m *moto) drain(queue string) (bodies []string) {
	m.t.Helper()
	for {
		messages, err := m.receive(m.t.Context(), queue)
		if err != nil {
			m.t.Fatal(err)
		}
		if len(messages) == 0 {
			return bodies
		}
		for _, one := range messages {
			bodies = append(bodies, one.body)
		}
		if err := m.remove(m.t.Context(), queue, messages); err != nil {
			m.t.Fatal(err)
		}
	}
}

// folder is a copy of a folder of components whose component for AWS has the address of moto, and more settings.
func (m *moto) folder(name string, more ...string) string {
	m.t.Helper()
	source, target, pointed := filepath.Join("../../components", name), m.t.TempDir(), false
	entries, err := os.ReadDir(source)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(source, entry.Name()))
		if err != nil {
			m.t.Fatal(err)
		}
		added := "    - {name: endpoint, value: http://" + m.address + "}\n" + strings.Join(more, "")
		changed := strings.Replace(string(text), "    - name: region\n", added+"    - name: region\n", 1)
		pointed = pointed || changed != string(text)
		if err := os.WriteFile(filepath.Join(target, entry.Name()), []byte(changed), 0o600); err != nil {
			m.t.Fatal(err)
		}
	}
	if !pointed {
		m.t.Fatalf("%s has no component with a region", source)
	}
	return target
}

// startSidecars runs the apps of a run file, which has the given lines, with their sidecars until the test ends.
func startSidecars(t *testing.T, resources string, apps ...string) *local.Stack {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "dapr.yaml")
	text := "version: 1\ncommon: {resourcesPaths: [" + resources + "], logLevel: info}\napps:\n" + strings.Join(apps, "")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := runfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	stack, err := local.New(local.Options{RunFile: file, Dir: filepath.Join(folder, "data"), Root: "../..", Component: teststack.Binary(t), Output: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- stack.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("sidecars: %v", err)
		}
	})
	select {
	case <-stack.Ready():
	case err := <-ended:
		ended <- nil
		t.Fatalf("sidecars ended: %v", err)
	case <-time.After(awsPatience):
		t.Fatal("the sidecars were not ready in time")
	}
	return stack
}

// within polls until condition holds.
func within(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline, tick := time.After(awsPatience), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

// freeLoopback is an address on which nobody listens.
func freeLoopback(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
