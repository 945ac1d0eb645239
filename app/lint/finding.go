package lint

import (
	"fmt"
	"slices"
)

// Severity is how bad a finding is.
type Severity string

// The severities. A note is about what no setting mends: the file may stay as it is.
const (
	Error   Severity = "error"   // events get lost, or nothing works
	Warning Severity = "warning" // a danger that somebody may want to live with
	Note    Severity = "note"
)

// Finding is one danger in a file.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Severity Severity `json:"severity"`
	What     string   `json:"what"`
	Danger   string   `json:"danger"`
	Remedy   string   `json:"remedy"`
	Rule     string   `json:"rule"`
}

// String is the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s: %s; %s [%s]", f.File, f.Line, f.Severity, f.What, f.Danger, f.Remedy, f.Rule)
}

// Count is how many of the findings have one of these severities.
func Count(findings []Finding, of ...Severity) int {
	n := 0
	for i := range findings {
		if slices.Contains(of, findings[i].Severity) {
			n++
		}
	}
	return n
}
