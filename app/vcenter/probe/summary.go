package probe

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Summarize writes the result for people: a line for each thing that was measured, and what it means.
func (r *Result) Summarize(to io.Writer) error {
	var out strings.Builder
	for _, line := range r.Report.lines() {
		fmt.Fprintf(&out, "%-14s %s\n", line.about, line.says)
	}
	_, err := io.WriteString(to, out.String())
	return err
}

type line struct{ about, says string }

func (r *Report) lines() []line {
	lines := slices.Concat(
		r.aboutLine(), r.clockLine(), r.limitLine(), r.keyLine(), r.sessionLine(), r.latestLine(), r.creationLine(),
		r.speedLines(), r.historyLine(), r.orderLine(), r.beginLine(), r.holeLine(), r.byKeyLine(), r.burstLine(), r.watchLines(),
	)
	for _, name := range slices.Sorted(maps.Keys(r.Failed)) {
		lines = append(lines, line{"not measured", name + ": " + r.Failed[name]})
	}
	if !r.Complete {
		lines = append(lines, line{"INCOMPLETE", "it ended early: " + r.Ended})
	}
	return lines
}

func one(about, format string, args ...any) []line {
	return []line{{about, fmt.Sprintf(format, args...)}}
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// span is a time that was measured, with no more digits than mean something.
func span(ms float64) string {
	switch {
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 10_000:
		return fmt.Sprintf("%.0f ms", ms)
	default:
		return fmt.Sprintf("%.0f s", ms/1000)
	}
}
