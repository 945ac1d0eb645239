package tally

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Simulator is the control API of a `vcrelay vcsim`.
type Simulator struct {
	base   string
	client *http.Client
}

// NewSimulator returns a client for the simulator at address (host:port), whose certificate is in certFile.
func NewSimulator(address, certFile string) (*Simulator, error) {
	pem, err := os.ReadFile(certFile) //nolint:gosec // the caller's own file
	if err != nil {
		return nil, fmt.Errorf("read the simulator's certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return &Simulator{
		base:   "https://" + address + "/control",
		client: &http.Client{Transport: transport, Timeout: time.Minute},
	}, nil
}

// SetRate sets the live workload to rate events per second.
func (s *Simulator) SetRate(ctx context.Context, rate float64) error {
	body, err := s.ask(ctx, http.MethodPut, "/rate", fmt.Appendf(nil, `{"rate":%g}`, rate))
	if err != nil {
		return err
	}
	return body.Close()
}

// Post adds count events of a class that the simulator knows.
func (s *Simulator) Post(ctx context.Context, class string, count int) error {
	body, err := s.ask(ctx, http.MethodPost, "/events", fmt.Appendf(nil, `{"class":%q,"count":%d}`, class, count))
	if err != nil {
		return err
	}
	return body.Close()
}

// Log returns the CloudEvent id of every event in the simulator's log: <instanceUuid>-<key>-<createdTime in unix
// microseconds>, as docs/design.md has it.
func (s *Simulator) Log(ctx context.Context) ([]string, error) {
	instance, err := s.instance(ctx)
	if err != nil {
		return nil, err
	}
	body, err := s.ask(ctx, http.MethodGet, "/events", nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	var ids []string
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		var line struct {
			Key         int32     `json:"key"`
			CreatedTime time.Time `json:"createdTime"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("read the simulator's log: %w", err)
		}
		ids = append(ids, fmt.Sprintf("%s-%d-%d", instance, line.Key, line.CreatedTime.UnixMicro()))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the simulator's log: %w", err)
	}
	return ids, nil
}

func (s *Simulator) instance(ctx context.Context) (string, error) {
	body, err := s.ask(ctx, http.MethodGet, "/status", nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	var status struct {
		InstanceUUID string `json:"instanceUuid"`
	}
	if err := json.NewDecoder(body).Decode(&status); err != nil {
		return "", fmt.Errorf("read the simulator's status: %w", err)
	}
	return status.InstanceUUID, nil
}

func (s *Simulator) ask(ctx context.Context, method, path string, body []byte) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the simulator: %w", err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("ask the simulator: %s %s: %s", method, path, answer.Status)
	}
	return answer.Body, nil
}
