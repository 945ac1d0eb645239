//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// record is what the store holds for a stream, as docs/design.md has it.
type record struct {
	Owner    string `json:"owner"`
	Epoch    int64  `json:"epoch"`
	Write    int64  `json:"write"`
	Position struct {
		Epoch int       `json:"epoch"`
		Low   time.Time `json:"low"`
		Key   int       `json:"key"`
	} `json:"position"`
}

// recordKey is where the record of the default route is.
func recordKey(v *simulated) string { return "vcrelay/stream/" + v.InstanceUUID() + "/default" }

// state calls the state API of the first sidecar.
func (f *fleet) state(ctx context.Context, method, path string, body any) ([]byte, error) {
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			return nil, err
		}
	}
	address := fmt.Sprintf("http://127.0.0.1:%d/v1.0/state/checkpoints%s", f.HTTPPort("vcrelay"), path)
	request, err := http.NewRequestWithContext(ctx, method, address, &content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	return text, err
}

// stored is the text at a key; empty where there is none.
func (f *fleet) storedAt(key string) string {
	f.t.Helper()
	text, err := f.state(f.t.Context(), http.MethodGet, "/"+url.PathEscape(key), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

func (f *fleet) overwrite(key string, value any) {
	f.t.Helper()
	if _, err := f.state(f.t.Context(), http.MethodPost, "", []map[string]any{{"key": key, "value": value}}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) remove(key string) {
	f.t.Helper()
	if _, err := f.state(f.t.Context(), http.MethodDelete, "/"+url.PathEscape(key), nil); err != nil {
		f.t.Fatal(err)
	}
}

// records are those of streams, by key; a stream without one is not among them.
func (f *fleet) records(ctx context.Context, keys []string) (map[string]record, error) {
	text, err := f.state(ctx, http.MethodPost, "/bulk", map[string]any{"keys": keys, "parallelism": 1})
	if err != nil {
		return nil, err
	}
	var items []struct {
		Key  string          `json:"key"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(text, &items); err != nil {
		return nil, err
	}
	all := make(map[string]record)
	for _, item := range items {
		var r record
		if len(item.Data) == 0 {
			continue
		}
		if err := json.Unmarshal(item.Data, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", item.Key, err)
		}
		all[item.Key] = r
	}
	return all, nil
}
