//go:build e2e

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// storedKey is the key in the stored position, by the sidecar's own API.
func (s *stack) storedKey() int {
	s.t.Helper()
	log, err := s.simulator().Log(s.t.Context())
	if err != nil || len(log) == 0 {
		s.t.Fatalf("read the simulator's log: %v", err)
	}
	instance := log[0][:36] // an id begins with the instance uuid
	key := url.PathEscape("vcrelay/stream/" + instance + "/default")
	var record struct {
		Position struct {
			Key int `json:"key"`
		} `json:"position"`
	}
	s.eventually("the sidecar of the relay answers", readyTimeout, func() bool {
		body, err := s.get(fmt.Sprintf("http://127.0.0.1:%d/v1.0/state/checkpoints/%s", s.HTTPPort("vcrelay"), key))
		return err == nil && json.NewDecoder(strings.NewReader(body)).Decode(&record) == nil
	})
	return record.Position.Key
}

func (s *stack) get(address string) (string, error) {
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, answer.Status)
	}
	return string(body), err
}
