package local

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/vcrelay/vcrelay/app/local/process"
	"github.com/vcrelay/vcrelay/app/local/runfile"
)

func sidecarName(appID string) string { return appID + "/daprd" }

func (s *Stack) sidecarCommand(a *app) *exec.Cmd {
	cmd := exec.Command(s.daprd, sidecarArguments(&a.entry, a.ports)...) //nolint:gosec,noctx // what was found; its supervisor ends it
	cmd.Dir = s.options.Dir
	cmd.Env = sidecarEnvironment(s.appEnvironment(a))
	if s.component != nil {
		cmd.Env = append(cmd.Env, socketsFolder+"="+s.component.folder)
	}
	return cmd
}

// sidecarArguments are daprd's flags (dapr v1.18.0, cmd/daprd/options). Two are left out on purpose: a blocked
// shutdown is not needed where each app ends before its sidecar, and the graceful seconds stay at daprd's 5.
func sidecarArguments(app *runfile.App, ports Ports) []string {
	arguments := []string{
		"--app-id", app.ID,
		"--app-protocol", app.Protocol,
		"--dapr-http-port", strconv.Itoa(ports.HTTP),
		"--dapr-grpc-port", strconv.Itoa(ports.GRPC),
		"--dapr-internal-grpc-port", strconv.Itoa(ports.InternalGRPC),
		"--dapr-internal-grpc-listen-address", loopback,
		"--dapr-listen-addresses", app.APIListenAddresses,
		"--log-level", app.LogLevel,
		"--placement-host-address", *app.PlacementAddress,
		"--scheduler-host-address", *app.SchedulerAddress, // given even when empty: else daprd looks into its environment
	}
	for _, path := range app.ResourcesPaths {
		arguments = append(arguments, "--resources-path", path)
	}
	arguments = append(arguments, metricsArguments(ports)...)
	return append(arguments, optionalArguments(app, ports)...)
}

// metricsArguments keep the metrics port off all other interfaces, where daprd would open it.
func metricsArguments(ports Ports) []string {
	if ports.Metrics == 0 {
		return []string{"--enable-metrics=false"}
	}
	return []string{"--metrics-port", strconv.Itoa(ports.Metrics), "--metrics-listen-address", loopback}
}

// optionalArguments are what the file says and daprd has defaults for.
func optionalArguments(app *runfile.App, ports Ports) []string {
	var arguments []string
	for _, option := range []struct {
		flag  string
		value any
	}{
		{"--app-port", ports.App},
		{"--app-channel-address", app.ChannelAddress},
		{"--config", app.ConfigFile},
		{"--app-max-concurrency", max(app.MaxConcurrency, 0)},
		{"--max-body-size", app.MaxBodySize},
		{"--read-buffer-size", app.ReadBufferSize},
		{"--enable-api-logging", app.EnableAPILogging},
		{"--enable-app-health-check", app.HealthCheck},
		{"--app-health-check-path", app.HealthPath},
		{"--app-health-probe-interval", max(app.HealthIntervalSecs, 0)},
		{"--app-health-probe-timeout", max(app.HealthTimeoutMillis, 0)},
		{"--app-health-threshold", max(app.HealthThreshold, 0)},
	} {
		switch option.value {
		case 0, "", false:
		case true:
			arguments = append(arguments, option.flag)
		default:
			arguments = append(arguments, option.flag, fmt.Sprint(option.value))
		}
	}
	return arguments
}

// sidecarExited starts a sidecar again, unless it never worked. daprd ends where a broker does not answer at its start.
func (s *Stack) sidecarExited(a *app, p *process.Process, err error) (again bool) {
	switch {
	case s.stopping.Load():
		return false
	case err != nil:
		s.fail(fmt.Errorf("sidecar of %s: %w", a.entry.ID, err))
		return false
	case !s.brokerAway() && a.sidecar.limit.reached(time.Now(), p):
		s.fail(fmt.Errorf("sidecar of %s ended %d times before it was ready: %s; mend what it names in %s (its log is %s)",
			a.entry.ID, startLimitBurst, reason(a.sidecar.log.last()), s.suspects(a), a.sidecar.log.path))
		return false
	}
	s.notice("warning: the sidecar of %s ended (%s): starting it again", a.entry.ID, p.Exit())
	return true
}

// suspects are the places where the fault of a sidecar may be.
func (s *Stack) suspects(a *app) string {
	places := append([]string(nil), a.resources...)
	if a.entry.ConfigFile != "" {
		places = append(places, a.entry.ConfigFile)
	}
	if len(places) == 0 {
		return s.options.RunFile.Path
	}
	return strings.Join(places, " or ")
}
