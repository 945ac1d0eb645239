package fn

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// What a Config falls back on. 4 MiB is also the largest request that daprd takes by default.
const (
	DefaultPort         = "8080"
	DefaultTimeout      = 7 * time.Second
	DefaultMaxBodyBytes = 4 << 20
)

// Env looks up an environment variable; os.Getenv is one. Unset and empty are the same, as for os.Getenv.
type Env func(name string) string

// Config is what a Server needs to know about its host. A zero Timeout or MaxBodyBytes means the default.
type Config struct {
	Listen       string        // host:port; an empty host means all interfaces
	Dapr         bool          // answers are for a sidecar, not for a plain HTTP caller
	Token        Token         // callers must present it, except for health
	Timeout      time.Duration // from a decoded event to its answer, waiting for a free slot included
	Concurrency  int           // handlers at once; 0 is unlimited
	MaxBodyBytes int64         // a larger event is dropped
}

// ReadConfig reads what the host sets (Dapr: APP_*, DAPR_*; Knative: PORT) and our own VCRELAY_FUNCTION_*.
// It reports all faults at once, each with the variable's name and a remedy; the Config is usable only without an error.
func ReadConfig(env Env) (Config, error) {
	r := reader{env: env}
	r.protocol()
	cfg := Config{
		Listen:       r.listen(),
		Dapr:         env("DAPR_HTTP_PORT") != "" || env("DAPR_GRPC_PORT") != "",
		Token:        Token(env("APP_API_TOKEN")),
		Timeout:      r.timeout(),
		Concurrency:  r.concurrency(),
		MaxBodyBytes: DefaultMaxBodyBytes,
	}
	return cfg, errors.Join(r.faults...)
}

// reader gathers the faults of a whole environment.
type reader struct {
	env    Env
	faults []error
}

func (r *reader) fault(name, remedy string) {
	r.faults = append(r.faults, fmt.Errorf("%s=%q: %s", name, r.env(name), remedy))
}

// protocol refuses what would only show as a sidecar that never delivers.
func (r *reader) protocol() {
	if p := r.env("APP_PROTOCOL"); p != "" && !strings.EqualFold(p, "http") {
		r.fault("APP_PROTOCOL", "this function speaks http only; use dapr run --app-protocol http, "+
			"appProtocol: http in dapr.yaml, or the annotation dapr.io/app-protocol: http")
	}
}

// listen binds the address where a local sidecar expects us, and all interfaces where a container's network is the border.
func (r *reader) listen() string {
	const name = "VCRELAY_FUNCTION_LISTEN"
	if addr := r.env(name); addr != "" {
		if _, port, err := net.SplitHostPort(addr); err != nil || !isPort(port, 0) {
			r.fault(name, "give host:port, such as 127.0.0.1:8080")
		}
		return addr
	}
	return net.JoinHostPort(strings.Trim(r.env("APP_CHANNEL_ADDRESS"), "[]"), r.port())
}

// port prefers what a sidecar was told (APP_PORT) to what Knative and others set (PORT).
func (r *reader) port() string {
	for _, name := range []string{"APP_PORT", "PORT"} {
		port := r.env(name)
		if port == "" {
			continue
		}
		if !isPort(port, 1) {
			r.fault(name, "give a port from 1 to 65535 (dapr run --app-port 8080, appPort in dapr.yaml); "+
				"a value like tcp://... is injected by a Kubernetes Service: set enableServiceLinks: false")
		}
		return port
	}
	return DefaultPort
}

func (r *reader) timeout() time.Duration {
	const name = "VCRELAY_FUNCTION_TIMEOUT"
	if r.env(name) == "" {
		return DefaultTimeout
	}
	d, err := time.ParseDuration(r.env(name))
	if err != nil || d <= 0 {
		r.fault(name, "give a duration above zero, such as 30s")
	}
	return d
}

func (r *reader) concurrency() int {
	const name = "VCRELAY_FUNCTION_CONCURRENCY"
	if r.env(name) == "" {
		return 0
	}
	n, err := strconv.Atoi(r.env(name))
	if err != nil || n < 0 {
		r.fault(name, "give the number of handlers at once, or 0 for no limit")
	}
	return n
}

func isPort(s string, lowest int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= lowest && n <= 65535
}
