//go:build e2e

package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// tooLarge is an event of 2 MiB, more than JetStream takes in one message.
const tooLarge = "kind=huge,count=1,size=2"

func TestAnEventThatIsTooLargeForTheBrokerIsTrimmed(t *testing.T) {
	t.Parallel()
	stack := startStack(t, map[string]map[string]string{
		"vcsim": {"VCRELAY_VCSIM_HISTORY": "50", "VCRELAY_VCSIM_RATE": "20", "VCRELAY_VCSIM_FAULT": tooLarge},
	}, "echo")
	var large string
	stack.eventually("the trimmed event and some behind it are stored", patience, func() bool {
		for i, message := range stack.stored("vcenter") {
			if strings.Contains(message, `"truncated":true`) {
				large = message
				return len(stack.stored("vcenter")) > i+50
			}
		}
		return false
	})
	if e := parse(t, large); len(large) > 1<<20 || !strings.Contains(large, `"key":`) || e.ID == "" {
		t.Errorf("stored was %.300s (%d bytes)", large, len(large))
	}
	if letters := stack.stored("vcenter-deadletter"); len(letters) > 0 {
		t.Errorf("%d events were dead-lettered", len(letters))
	}
}

// Without trimming the broker refuses the event. It must not hold up the others, and is told of.
func TestAnEventThatTheBrokerRefusesIsDeadLetteredAndAnnounced(t *testing.T) {
	t.Parallel()
	stack := startStack(t, map[string]map[string]string{
		"vcsim":   {"VCRELAY_VCSIM_HISTORY": "50", "VCRELAY_VCSIM_RATE": "20", "VCRELAY_VCSIM_FAULT": tooLarge},
		"vcrelay": {"VCRELAY_MAX_EVENT_BYTES": "0"},
	}, "echo")
	var announcement struct {
		Type string
		Data struct {
			Reason string
			Key    int
		}
	}
	stack.eventually("it is announced", patience, func() bool {
		for _, message := range stack.stored("vcenter") {
			if strings.Contains(message, "com.vcrelay.deadlettered.v1") {
				return json.Unmarshal([]byte(message), &announcement) == nil
			}
		}
		return false
	})
	letters := stack.stored("vcenter-deadletter")
	if len(letters) != 1 || keyOf(t, letters[0]) != announcement.Data.Key || !strings.Contains(letters[0], `"refusal":`) {
		t.Errorf("announced was %+v, %d dead letters: %.300s", announcement, len(letters), letters)
	}
	if stored := stack.storedKey(); stored < announcement.Data.Key {
		stack.eventually("the position comes past it", patience, func() bool { return stack.storedKey() >= announcement.Data.Key })
	}
}
