package backends

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Result is one certification.
type Result struct {
	Backend  string
	Date     string   // 2006-01-02
	Short    bool     // 2,000 events instead of 20,000
	Versions []string // name and version of what ran
	Seconds  int      // all of it
	Phases   []Phase
	Refused  int // events that the function refuses always
	Letters  int // how many of those arrived where dead letters go
	Foreign  int // events that arrived under an id that the vCenter's log does not have
	Order    Order
	Largest  Largest
	Speed    Speed
	Failures []string `json:",omitempty"` // why the test failed
}

// Largest is up to what size an event comes through, without the trimming of the relay.
type Largest struct {
	Delivered int    // bytes of data that reached the function
	Refused   int    // bytes of data that were refused, 0 for none
	Why       string `json:",omitempty"` // what was said of those
	Lost      int    // bytes of data that were accepted and never arrived, 0 for none
}

// Speed is how fast a backlog drains.
type Speed struct {
	Events int
	Relay  float64 // events/s, in the order by entity
	Bare   float64 // events/s of a loop that only publishes, through the same sidecar
	Loop   string  // what that loop does
}

// Total sums the phases.
func (r *Result) Total() (all Phase) {
	for _, p := range r.Phases {
		all.Created += p.Created
		all.Delivered += p.Delivered
		all.Lost += p.Lost
		all.Twice += p.Twice
	}
	all.Name = "all"
	return all
}

// Write stores the result as <folder>/<backend>.json.
func (r *Result) Write(folder string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("create folder of results: %w", err)
	}
	return os.WriteFile(filepath.Join(folder, r.Backend+".json"), append(text, '\n'), 0o600)
}

// ReadResults reads all results of a folder, by name.
func ReadResults(folder string) (all []Result, err error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("look for results: %w", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read result: %w", err)
		}
		var r Result
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("read result %s: %w", path, err)
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Result) int { return strings.Compare(a.Backend, b.Backend) })
	return all, nil
}
