package local

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sidecarArguments are daprd's flags (dapr v1.18.0, cmd/daprd/options). Two are left out on purpose: a blocked
// shutdown is not needed where each app ends before its sidecar, and the graceful seconds stay at daprd's 5.
func sidecarArguments(app *App, ports Ports) []string {
	arguments := []string{
		"--app-id", app.ID,
		"--app-protocol", app.Protocol,
		"--dapr-http-port", strconv.Itoa(ports.HTTP),
		"--dapr-grpc-port", strconv.Itoa(ports.GRPC),
		"--dapr-internal-grpc-port", strconv.Itoa(ports.InternalGRPC),
		"--dapr-internal-grpc-listen-address", loopback,
		"--dapr-listen-addresses", app.APIListenAddresses,
		"--log-level", app.LogLevel,
		"--placement-host-address", app.PlacementAddress,
		"--scheduler-host-address", app.SchedulerAddress, // given even when empty: else daprd looks into its environment
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

func optionalArguments(app *App, ports Ports) []string {
	var arguments []string
	option := func(given bool, flag string, value ...string) {
		if given {
			arguments = append(append(arguments, flag), value...)
		}
	}
	option(ports.App > 0, "--app-port", strconv.Itoa(ports.App))
	option(app.ChannelAddress != loopback, "--app-channel-address", app.ChannelAddress)
	option(app.ConfigFile != "", "--config", app.ConfigFile)
	option(app.MaxConcurrency > 0, "--app-max-concurrency", strconv.Itoa(app.MaxConcurrency))
	option(app.MaxBodySize != "", "--max-body-size", app.MaxBodySize)
	option(app.ReadBufferSize != "", "--read-buffer-size", app.ReadBufferSize)
	option(app.EnableAPILogging, "--enable-api-logging")
	option(app.EnableProfiling, "--enable-profiling", "--profile-port", strconv.Itoa(ports.Profile))
	option(app.AppHealth.Enabled, "--enable-app-health-check")
	option(app.AppHealth.Path != "", "--app-health-check-path", app.AppHealth.Path)
	option(app.AppHealth.IntervalSecond > 0, "--app-health-probe-interval", strconv.Itoa(app.AppHealth.IntervalSecond))
	option(app.AppHealth.TimeoutMillis > 0, "--app-health-probe-timeout", strconv.Itoa(app.AppHealth.TimeoutMillis))
	option(app.AppHealth.Threshold > 0, "--app-health-threshold", strconv.Itoa(app.AppHealth.Threshold))
	return arguments
}

// healthClient holds no connection open: a kept one would delay the sidecar's shutdown.
var healthClient = &http.Client{
	Timeout:   2 * time.Second,
	Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil},
}

// sidecarHealth asks whether the components of a sidecar are ready. It says nothing about the app, on purpose.
func sidecarHealth(ctx context.Context, listenAddresses string, port int) error {
	host := probeHost(listenAddresses)
	address := "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/v1.0/healthz/outbound"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask sidecar: %w", err)
	}
	response, err := healthClient.Do(request)
	if err != nil {
		return fmt.Errorf("it does not listen on port %d yet", port)
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	body, _ := io.ReadAll(io.LimitReader(response.Body, 512))
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("its components are not ready: %s", strings.TrimSpace(string(body)))
	}
	return nil
}

// probeHost is an address at which a sidecar that listens on these can be reached from here.
func probeHost(listenAddresses string) string {
	first, _, _ := strings.Cut(listenAddresses, ",")
	first = strings.Trim(strings.TrimSpace(first), "[]")
	switch ip := net.ParseIP(first); {
	case ip == nil, ip.IsUnspecified() && ip.To4() != nil:
		return loopback
	case ip.IsUnspecified():
		return "::1"
	}
	return first
}
