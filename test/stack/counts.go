//go:build e2e

package stack

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Counts are the relay's own, since it began.
type Counts struct{ Events, Requests, Saves float64 }

// ReadCounts asks the relay that has its metrics at address; zero while it does not answer.
func ReadCounts(address string) (c Counts) {
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return c
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return c
	}
	for line := range strings.Lines(string(body)) {
		name, _, _ := strings.Cut(line, "{")
		n, _ := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndex(line, " ")+1:]), 64)
		switch ok := strings.Contains(line, `result="ok"`); {
		case name == "vcrelay_publish_events_total" && ok:
			c.Events = n
		case name == "vcrelay_publish_duration_seconds_count":
			c.Requests = n
		case name == "vcrelay_checkpoint_writes_total" && ok:
			c.Saves = n
		}
	}
	return c
}
