package eventbridge_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// putEntry is an entry as it is on the wire.
type putEntry struct {
	Source, DetailType, Detail, EventBusName string
	Time                                     *float64
	Resources                                []string
}

// size is counted by the rule of the user guide, "Calculating PutEvents event entry size".
func (e putEntry) size() int {
	size := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if e.Time != nil {
		size += 14
	}
	return size
}

// fakeAWS answers PutEvents. It takes everything unless refuse or fail say otherwise.
type fakeAWS struct {
	*httptest.Server
	refuse func(call int, e putEntry) (code string) // of an entry
	fail   func(call int) (status int, code string) // of a call, counted from 1
	short  bool                                     // leaves the last entry out of its answers

	mu    sync.Mutex
	calls [][]putEntry
	keys  []string // access keys that signed
	taken []string // details, in order
}

func startAWS(t *testing.T) *fakeAWS {
	t.Helper()
	f := &fakeAWS{}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var input struct{ Entries []putEntry }
	if err := json.NewDecoder(r.Body).Decode(&input); err != nil || r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" {
		http.Error(w, fmt.Sprintf("target %q: %v", r.Header.Get("X-Amz-Target"), err), http.StatusNotFound)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, input.Entries)
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(credential, "/")
	f.keys = append(f.keys, key)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if f.fail != nil {
		if status, code := f.fail(len(f.calls)); status != 0 {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"__type":%q,"message":"so the fake was told"}`, code)
			return
		}
	}
	_ = json.NewEncoder(w).Encode(f.answer(input.Entries))
}

func (f *fakeAWS) answer(entries []putEntry) map[string]any {
	var answers []map[string]string
	failed := 0
	for _, e := range entries {
		code := ""
		if f.refuse != nil {
			code = f.refuse(len(f.calls), e)
		}
		if code != "" {
			answers, failed = append(answers, map[string]string{"ErrorCode": code, "ErrorMessage": "so the fake was told"}), failed+1
			continue
		}
		f.taken = append(f.taken, e.Detail)
		answers = append(answers, map[string]string{"EventId": fmt.Sprint("id-", len(f.taken))})
	}
	if f.short {
		answers = answers[:len(answers)-1]
	}
	return map[string]any{"FailedEntryCount": failed, "Entries": answers}
}

// counts is how many entries each call had.
func (f *fakeAWS) counts() (counts []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, call := range f.calls {
		counts = append(counts, len(call))
	}
	return counts
}

// entries are those of all calls, in order.
func (f *fakeAWS) entries() (all []putEntry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, call := range f.calls {
		all = append(all, call...)
	}
	return all
}
