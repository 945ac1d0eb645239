package lint

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

var redisQuestions = []Question{
	{
		Rule: Rule{
			ID: "redis-appendonly", Severity: Error, Types: []string{"pubsub.redis", "state.redis"}, Source: "measured: 200 acknowledged, none left",
			Danger: "Redis acknowledges what a crash takes away", Remedy: "start the server with --appendonly yes",
		},
		ask: redisSetting("appendonly", func(text string) bool { return text != "yes" }),
	},
	{
		Rule: Rule{
			ID: "redis-eviction", Severity: Error, Types: []string{"pubsub.redis", "state.redis"}, Source: "Redis documentation",
			Danger: "a server whose memory is full throws away whole streams, and the position", Remedy: "set maxmemory-policy noeviction",
		},
		ask: redisSetting("maxmemory-policy", func(text string) bool { return strings.HasPrefix(text, "allkeys-") }),
	},
}

func redisSetting(name string, bad func(string) bool) func(context.Context, *set, *component) ([]hit, error) {
	return func(ctx context.Context, _ *set, c *component) ([]hit, error) {
		host := c.value("redisHost", "")
		text, err := askRedis(ctx, c, name)
		if err != nil || !bad(text) {
			return nil, err
		}
		return []hit{{at: host.at, what: name + " is " + text + " on " + host.text}}, nil
	}
}

// askRedis asks the server of a component for one of its settings.
func askRedis(ctx context.Context, c *component, name string) (string, error) {
	if c.value("enableTLS", "false").truth() {
		return "", errors.New("it speaks TLS, which lint does not; ask it with redis-cli config get " + name)
	}
	address := c.value("redisHost", "").text
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, c.value("redisPort", "6379").text)
	}
	connection, err := dial(ctx, address)
	if err != nil {
		return "", err
	}
	defer func() { _ = connection.Close() }()
	in := bufio.NewReader(connection)
	if password := c.value("redisPassword", "").text; password != "" {
		login := []string{"AUTH", password}
		if user := c.value("redisUsername", "").text; user != "" {
			login = []string{"AUTH", user, password}
		}
		if _, err := redisCall(connection, in, login...); err != nil {
			return "", err
		}
	}
	answer, err := redisCall(connection, in, "CONFIG", "GET", name)
	if err != nil {
		return "", err
	}
	if len(answer) != 2 {
		return "", fmt.Errorf("it knows no %s", name)
	}
	return answer[1], nil
}

// dial connects until the end of ctx, which is the end of all that is read and written as well.
func dial(ctx context.Context, address string) (net.Conn, error) {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if deadline, set := ctx.Deadline(); set {
		err = connection.SetDeadline(deadline)
	}
	return connection, err
}

// redisCall sends a command and reads an answer of texts (RESP2).
func redisCall(out io.Writer, in *bufio.Reader, words ...string) ([]string, error) {
	request := fmt.Sprintf("*%d\r\n", len(words))
	for _, word := range words {
		request += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(out, request); err != nil {
		return nil, err
	}
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	kind, rest := line[0], strings.TrimSpace(line[1:])
	switch n, err := strconv.Atoi(rest); {
	case kind == '+':
		return []string{rest}, nil
	case kind == '-':
		return nil, errors.New(rest)
	case kind == '*' && err == nil && n >= 0:
		return redisTexts(in, n)
	default:
		return nil, fmt.Errorf("%q is no answer of Redis", strings.TrimSpace(line))
	}
}

// mostText keeps a wrong server from being read for long.
const mostText = 1 << 16

func redisTexts(in *bufio.Reader, n int) ([]string, error) {
	var texts []string
	for range min(n, mostText) {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "$")))
		if err != nil || size < 0 || size > mostText {
			return nil, fmt.Errorf("%q is no text of Redis", strings.TrimSpace(line))
		}
		text := make([]byte, size+len("\r\n"))
		if _, err := io.ReadFull(in, text); err != nil {
			return nil, err
		}
		texts = append(texts, string(text[:size]))
	}
	return texts, nil
}
