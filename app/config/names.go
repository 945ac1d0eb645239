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

// checkNames finds variables that begin with start and that nothing reads, which are misspelt, and such as are set but
// empty, which would silently beat their default.
func (f *Faults) checkNames(start string, known []string) {
	environ := os.Environ()
	slices.Sort(environ)
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case !strings.HasPrefix(name, start+"_"):
		case slices.Contains(known, name):
			if value == "" {
				f.add(name, "set but empty; unset it or give it a value")
			}
		case start == prefix && slices.ContainsFunc(others, func(other string) bool { return strings.HasPrefix(name, other) }),
			fromKubernetes(name, value):
		default:
			f.add(name, "unknown variable; %s", guess(name, known))
		}
	}
}

// fromKubernetes tells what Kubernetes injects, VCRELAY_PORT=tcp://10.0.0.1:80 among it, from VCRELAY_LISTEN_PORT=80.
func fromKubernetes(name, value string) bool {
	couldBeOurs := strings.HasSuffix(name, "_PORT") && !numbered.MatchString(name)
	return kubernetesName.MatchString(name) && (!couldBeOurs || strings.Contains(value, "://"))
}

// Names are the variables that `vcrelay run` reads.
func Names() []string {
	return names(prefix, &environment{})
}

// Table is the README's table of the variables, in Markdown.
func Table() string {
	return "| variable | default | meaning |\n|---|---|---|\n" +
		usage(prefix, &environment{}, "{{range .}}| `{{usage_key .}}` | {{with usage_default .}}`{{.}}`{{end}} | {{usage_description .}} |\n{{end}}")
}

func names(start string, spec any) []string {
	return strings.Fields(usage(start, spec, "{{range .}}{{usage_key .}}\n{{end}}"))
}

func usage(start string, spec any, format string) string {
	var out bytes.Buffer
	if err := envconfig.Usagef(start, spec, &out, format); err != nil {
		return ""
	}
	return out.String()
}

// numbered matches those whose value is a bare number.
var numbered = regexp.MustCompile(`(_SERVICE|_TCP|_UDP|_SCTP)_PORT$`)

// guess is the remedy for a name that is not known.
func guess(name string, known []string) string {
	distance := func(other string) int {
		if strings.HasPrefix(other, name) {
			return 0
		}
		return levenshtein.ComputeDistance(name, other)
	}
	nearest := slices.MinFunc(known, func(a, b string) int { return distance(a) - distance(b) })
	if distance(nearest) > farthest {
		return "unset it; the README lists those that there are"
	}
	return "did you mean " + nearest + "?"
}

// farthest is how many letters a misspelt name may be off; FOO is not a misspelt START.
const farthest = 4
