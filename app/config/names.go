package config

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/kelseyhightower/envconfig"
)

// kubernetesName matches what Kubernetes injects for a Service called vcrelay or vcrelay-<more>.
var kubernetesName = regexp.MustCompile(`^VCRELAY(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// checkNames finds variables with our prefix that nothing reads, which are misspelt, and such as are set but empty,
// which would silently beat their default.
func (f *Faults) checkNames(environ []string) {
	known := Names()
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case !strings.HasPrefix(name, prefix+"_"):
		case slices.Contains(known, name):
			if value == "" {
				f.add(name, "set but empty; unset it or give it a value")
			}
		case slices.ContainsFunc(others, func(other string) bool { return strings.HasPrefix(name, other) }),
			kubernetesName.MatchString(name):
		default:
			f.add(name, "unknown variable; did you mean %s?", nearest(name, known))
		}
	}
}

// Names are the variables that `vcrelay run` reads.
func Names() []string {
	return strings.Fields(usage("{{range .}}{{usage_key .}}\n{{end}}"))
}

// Table is the README's table of the variables, in Markdown.
func Table() string {
	return "| variable | default | meaning |\n|---|---|---|\n" +
		usage("{{range .}}| `{{usage_key .}}` | {{with usage_default .}}`{{.}}`{{end}} | {{usage_description .}} |\n{{end}}")
}

func usage(format string) string {
	var out bytes.Buffer
	if err := envconfig.Usagef(prefix, &environment{}, &out, format); err != nil {
		return ""
	}
	return out.String()
}

// applyAliases lets govc's variables stand in for ours.
func applyAliases() {
	for ours, alias := range aliases {
		if value := os.Getenv(alias); value != "" && os.Getenv(ours) == "" {
			_ = os.Setenv(ours, value) // fails only on malformed names
		}
	}
}

func nearest(name string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int {
		return levenshtein.ComputeDistance(name, a) - levenshtein.ComputeDistance(name, b)
	})
}
