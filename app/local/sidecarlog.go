package local

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// levels in daprd's words, the quietest last.
var levels = []string{"debug", "info", "warning", "error", "fatal", "panic"}

// ownDoing are warnings about what every sidecar here is by intent: no placement, no scheduler, no mTLS, perhaps no
// app to call. They stay in the log file, and show on the console from level info on.
var ownDoing = []string{
	"mTLS is disabled",
	"The default value for 'spec.metric.http.increasedCardinality'",
	"Actor runtime disabled",
	"No scheduler host addresses provided",
	"App channel is not initialized",
}

var levelField = regexp.MustCompile(`(?:^| )level=(\w+) msg=`)

// sidecarView is what a person sees of a daprd line: `warning: message`, when it is at the level of the run file. A line
// in another form is shown as it is. (daprd's --log-level does not reach loggers that components make later.)
func sidecarView(logLevel string) func(line string) (string, bool) {
	least := max(0, slices.Index(levels, strings.Replace(logLevel, "warn", "warning", 1)))
	return func(line string) (string, bool) {
		found := levelField.FindStringSubmatch(line)
		if found == nil {
			return line, true
		}
		text := message(line)
		level := slices.Index(levels, found[1])
		ours := slices.ContainsFunc(ownDoing, func(start string) bool { return strings.HasPrefix(text, start) })
		if level < least || ours && least > slices.Index(levels, "info") {
			return "", false
		}
		return found[1] + ": " + text, true
	}
}

var errorCode = regexp.MustCompile(`^\[[A-Z_]+\]$`)

// plain takes out of a daprd error what it says more than once, and its codes.
func plain(text string) string {
	var parts []string
	for _, part := range strings.Split(strings.TrimPrefix(text, "daprd: "), ": ") {
		if !errorCode.MatchString(part) && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// reason is the one line that says best why a process ended: its last fatal line, else its last error, else its last.
func reason(lines []string) string {
	best, rank := "it said nothing", 0
	for _, line := range lines {
		r := 1
		switch {
		case strings.Contains(line, "level=fatal"), strings.HasPrefix(line, "panic: "):
			r = 3
		case strings.Contains(line, "level=error"):
			r = 2
		}
		if r >= rank && strings.TrimSpace(line) != "" {
			best, rank = line, r
		}
	}
	return plain(message(best))
}

// message is the msg field of a daprd log line, or the line itself.
func message(line string) string {
	_, rest, found := strings.Cut(line, "msg=")
	if !found {
		return strings.TrimSpace(line)
	}
	if quoted, err := strconv.QuotedPrefix(rest); err == nil {
		if text, err := strconv.Unquote(quoted); err == nil {
			return strings.Join(strings.Fields(text), " ")
		}
	}
	word, _, _ := strings.Cut(rest, " ")
	return word
}
