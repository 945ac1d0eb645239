package lint

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// inbox is the subject of the answer: the connection is of one question only.
const inbox = "_INBOX.vcrelay.lint"

// askStreams asks the first server of a component for its streams, in the text protocol of NATS.
func askStreams(ctx context.Context, c *component) ([]stream, error) {
	address, login, err := natsAddress(c)
	if err != nil {
		return nil, err
	}
	connection, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = connection.Close() }()
	prefix := c.value("apiPrefix", "$JS.API").text
	if domain := c.value("domain", "").text; domain != "" {
		prefix = "$JS." + domain + ".API"
	}
	request := fmt.Sprintf("CONNECT %s\r\nSUB %s 1\r\nPUB %s.STREAM.LIST %s 0\r\n\r\nPING\r\n", login, inbox, prefix, inbox)
	if _, err := io.WriteString(connection, request); err != nil {
		return nil, err
	}
	content, err := natsAnswer(connection, bufio.NewReader(connection))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Total   int      `json:"total"`
		Streams []stream `json:"streams"`
		Error   *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return nil, fmt.Errorf("read its answer: %w", err)
	}
	if answer.Error != nil {
		return nil, errors.New(answer.Error.Description)
	}
	if answer.Total > len(answer.Streams) {
		return nil, fmt.Errorf("it has %d streams, more than lint reads; ask it with nats stream list", answer.Total)
	}
	return answer.Streams, nil
}

// natsAddress is the address of the first server, and what it is told first.
func natsAddress(c *component) (address, login string, err error) {
	first, _, _ := strings.Cut(c.value("natsURL", "").text, ",")
	if !strings.Contains(first, "://") {
		first = "nats://" + first
	}
	parsed, err := url.Parse(first)
	if err != nil || parsed.Scheme != "nats" {
		return "", "", errors.New("lint asks only in plain text, at nats://host:port; ask it with nats stream list")
	}
	words := map[string]any{"verbose": false, "pedantic": false, "name": "vcrelay lint", "lang": "go", "headers": true, "no_responders": true}
	if parsed.User != nil {
		words["user"] = parsed.User.Username()
		words["pass"], _ = parsed.User.Password()
	}
	if token := c.value("token", "").text; token != "" {
		words["auth_token"] = token
	}
	text, err := json.Marshal(words)
	port := parsed.Port()
	if port == "" {
		port = "4222"
	}
	return net.JoinHostPort(parsed.Hostname(), port), string(text), err
}

// mostAnswered is what an answer of a server has at most.
const mostAnswered = 8 << 20

// natsAnswer reads to the first message, and answers pings on the way.
func natsAnswer(out io.Writer, in *bufio.Reader) ([]byte, error) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "-ERR":
			return nil, errors.New(strings.TrimSpace(line))
		case words[0] == "PING":
			if _, err := io.WriteString(out, "PONG\r\n"); err != nil {
				return nil, err
			}
		case words[0] == "HMSG": // only: nobody answers
			return nil, errors.New("it has no JetStream")
		case words[0] == "MSG":
			size, err := strconv.Atoi(words[len(words)-1])
			if err != nil || size > mostAnswered {
				return nil, fmt.Errorf("%q is no message", strings.TrimSpace(line))
			}
			content := make([]byte, size)
			_, err = io.ReadFull(in, content)
			return content, err
		}
	}
}
