package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Report sums up days.
type Report struct {
	Seeds, Failed, Shared      int // Shared: with several streams
	Events, Calls              int
	Lost, Duplicates, Unsure   int
	MaxLag                     time.Duration
	Struck                     map[string]int
	FewestFaults, FewestEvents int // on one day
}

// enough is how many days a run takes in which each fault has to have struck often.
const (
	enough = 10_000
	often  = 100
)

// Add counts a day.
func (r *Report) Add(day *Result) {
	if r.Struck == nil {
		r.Struck = make(map[string]int)
		for _, name := range Faults {
			r.Struck[name] = 0
		}
	}
	faults := 0
	for name, times := range day.Struck {
		r.Struck[name] += times
		faults += times
	}
	if r.Seeds == 0 || faults < r.FewestFaults {
		r.FewestFaults = faults
	}
	if r.Seeds == 0 || day.Events < r.FewestEvents {
		r.FewestEvents = day.Events
	}
	r.Seeds++
	if day.Streams > 1 {
		r.Shared++
	}
	r.Events += day.Events
	r.Calls += day.Calls
	r.Lost += day.Verdict.Lost
	r.Unsure += day.Verdict.Unsure
	r.Duplicates += day.Verdict.Duplicates
	r.MaxLag = max(r.MaxLag, day.Verdict.MaxLag)
	if len(day.Verdict.Findings) > 0 {
		r.Failed++
	}
}

// Rare names the faults that a long run should have seen more often.
func (r *Report) Rare() (names []string) {
	if r.Seeds < enough {
		return nil
	}
	for name, times := range r.Struck {
		if times < often {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Text is the closing lines.
func (r *Report) Text(took time.Duration) string {
	names := make([]string, 0, len(r.Struck))
	for name := range r.Struck {
		names = append(names, name)
	}
	slices.Sort(names)
	var text strings.Builder
	text.WriteString("faults by how often they struck:\n")
	for _, name := range names {
		fmt.Fprintf(&text, "  %8d  %s\n", r.Struck[name], name)
	}
	fmt.Fprintf(&text, "%d events, at least %d events and %d faults a day; several streams on %d days; %d left behind in announced holes; %d calls of vCenter; %v\n",
		r.Events, r.FewestEvents, r.FewestFaults, r.Shared, r.Unsure, r.Calls, took.Round(time.Second/10))
	fmt.Fprintf(&text, "seeds %d lost %d duplicates %d max-lag %v failed %d\n",
		r.Seeds, r.Lost, r.Duplicates, r.MaxLag.Round(time.Second), r.Failed)
	return text.String()
}

// Failure says what a day broke, and how to see it again.
func (r *Result) Failure() string {
	var text strings.Builder
	for _, finding := range r.Verdict.Findings[:min(3, len(r.Verdict.Findings))] {
		fmt.Fprintf(&text, "seed %d broke %s\n", r.Seed, finding)
	}
	fmt.Fprintf(&text, "seed %d: %s\nagain: make simulate SEEDS=1 FIRST=%d\n", r.Seed, r.Readings, r.Seed)
	return text.String()
}
