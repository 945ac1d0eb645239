package lint_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/lint"
)

// server answers each connection with talk, and returns its address.
func server(t *testing.T, talk func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				talk(connection, bufio.NewReader(connection))
			}()
		}
	}()
	return listener.Addr().String()
}

// redisServer knows these settings, and wants a password unless that is empty.
func redisServer(t *testing.T, password string, settings map[string]string) string {
	return server(t, func(out net.Conn, in *bufio.Reader) {
		for allowed := password == ""; ; {
			var words []string
			var n int
			if _, err := fmt.Fscanf(in, "*%d\r\n", &n); err != nil {
				return
			}
			for range n {
				var size int
				var word string
				if _, err := fmt.Fscanf(in, "$%d\r\n%s\r\n", &size, &word); err != nil || len(word) != size {
					return
				}
				words = append(words, word)
			}
			switch {
			case words[0] == "AUTH":
				allowed = words[len(words)-1] == password && (len(words) == 2 || words[1] == "relay")
				fmt.Fprint(out, "+OK\r\n")
			case !allowed:
				fmt.Fprint(out, "-NOAUTH Authentication required.\r\n")
			case settings[words[2]] == "":
				fmt.Fprint(out, "*0\r\n")
			default:
				fmt.Fprintf(out, "*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(words[2]), words[2], len(settings[words[2]]), settings[words[2]])
			}
		}
	})
}

// natsServer has these streams, as JSON, and wants each of login in what it is told first.
func natsServer(t *testing.T, answer string, login ...string) string {
	return server(t, func(out net.Conn, in *bufio.Reader) {
		fmt.Fprint(out, "INFO {\"jetstream\":true}\r\nPING\r\n")
		subject := ""
		for {
			line, err := in.ReadString('\n')
			words := strings.Fields(line)
			switch {
			case err != nil:
				return
			case len(words) > 0 && words[0] == "CONNECT" && !containsAll(line, login):
				fmt.Fprint(out, "-ERR 'Authorization Violation'\r\n")
				return
			case len(words) == 4 && words[0] == "PUB" && words[1] == "$JS.API.STREAM.LIST":
				subject = words[2]
			case len(words) == 1 && words[0] == "PONG": // it answered, as a real server wants
				fmt.Fprintf(out, "MSG %s 1 %d\r\n%s\r\n", subject, len(answer), answer)
			}
		}
	})
}

func containsAll(text string, all []string) bool {
	return !slices.ContainsFunc(all, func(one string) bool { return !strings.Contains(text, one) })
}

func asked(t *testing.T, component string, more ...string) ([]string, error) {
	t.Helper()
	dir := written(t, "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: events}\nspec:\n  version: v1\n"+component)
	found, err := lint.Brokers(t.Context(), append([]string{dir}, more...)...)
	var told []string
	for _, f := range found {
		told = append(told, f.Rule+": "+f.What)
		if f.Line != 8 || f.Danger == "" || f.Remedy == "" {
			t.Errorf("%+v", f)
		}
	}
	return told, err
}

func redisAt(address string) string {
	return "  type: pubsub.redis\n  metadata:\n    - {name: redisHost, value: \"" + address + "\"}\n"
}

func natsAt(address string) string {
	return "  type: pubsub.jetstream\n  metadata:\n    - {name: natsURL, value: \"nats://" + address + "\"}\n"
}

func TestRedisIsAskedWhetherItKeepsWhatItAcknowledges(t *testing.T) {
	bad := redisServer(t, "", map[string]string{"appendonly": "no", "maxmemory-policy": "allkeys-lru"})
	told, err := asked(t, redisAt(bad))
	if want := []string{"redis-appendonly: appendonly is no on " + bad, "redis-eviction: maxmemory-policy is allkeys-lru on " + bad}; err != nil || !slices.Equal(told, want) {
		t.Errorf("%q %v, want %q", told, err, want)
	}
	good := redisServer(t, "S3cr3t", map[string]string{"appendonly": "yes", "maxmemory-policy": "noeviction"})
	if told, err := asked(t, redisAt(good)+"    - {name: redisPassword, value: S3cr3t}\n"); err != nil || told != nil {
		t.Errorf("%q %v", told, err)
	}
	if told, err := asked(t, redisAt(good)+"    - {name: redisPassword, value: S3cr3t}\n    - {name: redisUsername, value: relay}\n"); err != nil || told != nil {
		t.Errorf("with a user: %q %v", told, err)
	}
	if _, err := asked(t, redisAt(good)); !errors.Is(err, lint.ErrNoAnswer) || !strings.HasSuffix(err.Error(), ": NOAUTH Authentication required.") || strings.Contains(err.Error(), "\n") {
		t.Errorf("without the password: %v", err)
	}
}

const (
	eventStream  = `{"config":{"name":"vcenter","subjects":["vcenter","vcenter.>"],"storage":"file","duplicate_window":120000000000}}`
	letterStream = `{"config":{"name":"letters","subjects":["vcenter-deadletter"],"storage":"file","duplicate_window":120000000000}}`
)

func streams(list ...string) string {
	return fmt.Sprintf(`{"total":%d,"streams":[%s]}`, len(list), strings.Join(list, ","))
}

func TestJetStreamIsAskedForTheStreamsOfEachTopic(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		want         []string
	}{
		{"as it should be", streams(letterStream, eventStream), nil},
		{"no dead letters", streams(eventStream), []string{"jetstream-no-stream: no stream has the topic vcenter-deadletter"}},
		{
			"one for both", streams(`{"config":{"name":"all","subjects":["other","*"],"storage":"file"}}`),
			[]string{"jetstream-one-stream: stream all has both vcenter and vcenter-deadletter"},
		},
		{
			"in memory", streams(letterStream, strings.Replace(eventStream, "file", "memory", 1)),
			[]string{"jetstream-stream-in-memory: stream vcenter of vcenter is in memory"},
		},
		{
			"a long window", streams(letterStream, strings.Replace(eventStream, "120000000000", "3600000000000", 1)),
			[]string{"jetstream-window: stream vcenter of vcenter has a duplicate window of 1h0m0s"},
		},
		{
			"subjects that only look alike", streams(letterStream, `{"config":{"name":"x","subjects":["vcenter.>","vcenter.*","vcenters"],"storage":"file"}}`),
			[]string{"jetstream-no-stream: no stream has the topic vcenter"},
		},
	} {
		told, err := asked(t, natsAt(natsServer(t, c.answer)), filepath.Join(root, "functions", "echo", "dapr"))
		if err != nil || !slices.Equal(told, c.want) {
			t.Errorf("%s: %q %v, want %q", c.name, told, err, c.want)
		}
	}
}

func TestATopicBelowASubjectIsNotOnItsStream(t *testing.T) {
	sub := written(t, "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: x}\nspec: {pubsubname: events, topic: vcenter.vm, deadLetterTopic: vcenter-deadletter}\n")
	only := strings.Replace(eventStream, `,"vcenter.>"`, "", 1)
	for answer, want := range map[string][]string{
		streams(letterStream, eventStream): nil, streams(letterStream, only): {"jetstream-no-stream: no stream has the topic vcenter.vm"},
	} {
		if told, err := asked(t, natsAt(natsServer(t, answer)), sub); err != nil || !slices.Equal(told, want) {
			t.Errorf("%q %v, want %q", told, err, want)
		}
	}
}

func TestNATSIsToldTheAccountOfTheComponent(t *testing.T) {
	answer := streams(letterStream, eventStream)
	address := natsServer(t, answer, `"user":"relay"`, `"pass":"S3cr3t"`)
	if told, err := asked(t, natsAt("relay:S3cr3t@"+address)); err != nil || told != nil {
		t.Errorf("%q %v", told, err)
	}
	if _, err := asked(t, natsAt(address)); !errors.Is(err, lint.ErrNoAnswer) || !strings.Contains(err.Error(), "Authorization Violation") {
		t.Errorf("without it: %v", err)
	}
	withToken := natsServer(t, answer, `"auth_token":"S3cr3t"`)
	if told, err := asked(t, natsAt(withToken)+"    - {name: token, value: S3cr3t}\n"); err != nil || told != nil {
		t.Errorf("%q %v", told, err)
	}
}

func TestABrokerThatSaysNothingOfUseIsAnErrorOfOneLine(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	closing := server(t, func(net.Conn, *bufio.Reader) {})
	for component, want := range map[string]string{
		redisAt(gone.Addr().String()): "connect", natsAt(gone.Addr().String()): "connect", redisAt(closing): "", natsAt(closing): "",
		natsAt(natsServer(t, `{"error":{"description":"not allowed"}}`)):                "not allowed",
		natsAt(natsServer(t, `{"total":300,"streams":[]}`)):                             "300 streams",
		natsAt(natsServer(t, "nonsense")):                                               "read its answer",
		redisAt("a") + "    - {name: enableTLS, value: \"true\"}\n":                     "TLS",
		"  type: pubsub.jetstream\n  metadata: [{name: natsURL, value: \"tls://a\"}]\n": "plain text",
	} {
		if told, err := asked(t, component); !errors.Is(err, lint.ErrNoAnswer) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || told != nil {
			t.Errorf("%s: %q %v, want %q", component, told, err, want)
		}
	}
}
