package lint

import (
	"strconv"
	"strings"
)

// mostAnswer is the limit of gRPC between the sidecar and the relay.
const mostAnswer = 4 << 20

var bindingRules = []Rule{
	{
		ID: "binding-retry", Severity: Warning, Source: "docs/decisions/0019",
		each:   outboundRetry,
		Danger: "a call that failed is made again behind the back of the relay, which tries again by itself",
		Remedy: "leave the retry out",
	},
	{
		ID: "http-answer", Severity: Warning, Types: []string{"bindings.http"}, Source: "measured, docs/decisions/0019",
		each:   when("maxResponseBodySize", "100Mi", isLongAnswer),
		Danger: "an answer above 4 MiB is an error although the function took the event, which is then sent again",
		Remedy: "set it to 1Mi",
	},
}

func outboundRetry(s *set, c *component) []hit {
	if !strings.HasPrefix(c.brand, "bindings.") {
		return nil
	}
	for i := range s.policies {
		path := []string{"spec", "targets", "components", c.name, "outbound", "retry"}
		if p := &s.policies[i]; p.first && p.text(path...) != "" {
			return []hit{{at: p.at(path...), what: "an outbound retry for the binding " + c.name}}
		}
	}
	return nil
}

// isLongAnswer reads a quantity as Kubernetes has them; 0 and less is no limit.
func isLongAnswer(v value) bool {
	text := strings.TrimSpace(v.text)
	digits := strings.TrimRight(text, "KMGkmi")
	n, err := strconv.ParseInt(digits, 10, 64)
	factor, known := map[string]int64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}[text[len(digits):]]
	return err == nil && known && (n <= 0 || n > mostAnswer/factor)
}
