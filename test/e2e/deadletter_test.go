//go:build e2e

package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/tally"
)

func TestPoisonGoesToTheDeadLetterTopicAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	stack := startStack(t, map[string]map[string]string{
		"vcsim": {"VCRELAY_VCSIM_HISTORY": "0", "VCRELAY_VCSIM_RATE": "0"},
		"echo":  {"VCRELAY_ECHO_FAIL": "^VmRenamedEvent$"},
	})
	simulator := stack.simulator()
	for _, post := range []struct {
		class string
		count int
	}{{"VmPoweredOnEvent", 100}, {"VmRenamedEvent", 4}, {"VmPoweredOffEvent", 100}} {
		if err := simulator.Post(t.Context(), post.class, post.count); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		stack.publishForeign(fmt.Sprintf("foreign-%d", i)) // matches no route of the function's subscription
	}
	log, err := simulator.Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result, err := tally.Await(t.Context(), log, stack.ledger, patience)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Missing) > 0 {
		t.Fatalf("not all events reached the function: %s", result)
	}

	want := stack.idsOf("VmRenamedEvent")
	stack.eventually("dead letters are stored", patience, func() bool { return len(stack.stored("vcenter-deadletter")) >= len(want) })
	var got []string
	for _, letter := range stack.stored("vcenter-deadletter") {
		got = append(got, parse(t, letter).ID)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("dead letters are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, id := range want {
		if tries := stack.deliveries()[id]; tries < 3 {
			t.Errorf("event %s was tried %d times before it became a dead letter, want 3", id, tries)
		}
	}
	t.Logf("%d events at the function, %d dead letters, 10 events without a route ignored", result.Delivered, len(got))
}

// idsOf are the ids of the published events with that subject, sorted.
func (s *stack) idsOf(subject string) []string {
	var ids []string
	for _, text := range s.stored("vcenter") {
		if strings.Contains(text, `"subject":"`+subject+`"`) {
			ids = append(ids, parse(s.t, text).ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// publishForeign publishes an event of somebody else on the topic.
func (s *stack) publishForeign(id string) {
	s.t.Helper()
	address := fmt.Sprintf("http://127.0.0.1:%d/v1.0/publish/events/vcenter", s.HTTPPort("vcrelay"))
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"elsewhere","type":"com.example.other","data":{}}`, id)
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, address, bytes.NewBufferString(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/cloudevents+json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		s.t.Fatalf("publish foreign event: %s", answer.Status)
	}
}
