package tally

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Result compares two lists of CloudEvent ids.
type Result struct {
	Relayed    int      // events in the vCenter's log
	Delivered  int      // of those, how many arrived
	Missing    []string // ids of those that did not
	Duplicates int      // arrivals of an id after its first
	Foreign    int      // ids that arrived and are not in the log, e.g. from an earlier run
}

// Compare counts deliveries (how often each id arrived) against the ids of the log.
func Compare(log []string, deliveries map[string]int) Result {
	result := Result{Relayed: len(log)}
	known := make(map[string]struct{}, len(log))
	for _, id := range log {
		known[id] = struct{}{}
		if n := deliveries[id]; n > 0 {
			result.Delivered++
			result.Duplicates += n - 1
		} else {
			result.Missing = append(result.Missing, id)
		}
	}
	for id := range deliveries {
		if _, ok := known[id]; !ok {
			result.Foreign++
		}
	}
	return result
}

// String is the line that `vcrelay up --for` ends with.
func (r Result) String() string {
	return fmt.Sprintf("relayed %d delivered %d missing %d duplicates %d", r.Relayed, r.Delivered, len(r.Missing), r.Duplicates)
}

// ReadLedger reads a file of ids, one a line, into how often each of them is there. What stands behind a tab is no part of
// an id. A missing file holds none. A last line without its end does not count: the function was cut off in it, or is about to write the rest.
func ReadLedger(path string) (map[string]int, error) {
	file, err := os.Open(path) //nolint:gosec // the caller's own file
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]int{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer func() { _ = file.Close() }()
	deliveries := make(map[string]int)
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return deliveries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		id, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		deliveries[id]++
	}
}
