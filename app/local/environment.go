package local

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// givenVariables are those that a runner of Dapr apps gives to each. What this program itself inherited of them, when it runs
// beside a sidecar, says nothing about its children.
var givenVariables = []string{
	"APP_ID", "APP_PORT", "APP_PROTOCOL", "APP_CHANNEL_ADDRESS",
	"DAPR_HTTP_PORT", "DAPR_GRPC_PORT", "DAPR_METRICS_PORT",
}

// tokenVariables are secrets that an app and its sidecar must agree on.
var tokenVariables = []string{"DAPR_API_TOKEN", "APP_API_TOKEN"}

// appEnvironment is what the stock CLI gives an app, in its order of precedence: this process's own, then the
// variables of the sidecar, then the file's env (merged into the app), then those of the options.
func (s *Stack) appEnvironment(a *app) []string {
	env := append(inherited(), "APP_ID="+a.entry.ID, "APP_PROTOCOL="+a.entry.Protocol, "APP_CHANNEL_ADDRESS="+a.entry.ChannelAddress)
	for _, given := range []struct {
		name string
		port int
	}{
		{"APP_PORT", a.ports.App}, {"DAPR_HTTP_PORT", a.ports.HTTP}, {"DAPR_GRPC_PORT", a.ports.GRPC}, {"DAPR_METRICS_PORT", a.ports.Metrics},
	} {
		if given.port > 0 {
			env = append(env, given.name+"="+strconv.Itoa(given.port))
		}
	}
	for _, variables := range []map[string]string{a.entry.Env, s.options.Env[""], s.options.Env[a.entry.ID]} {
		for name, value := range variables {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// sidecarEnvironment is this process's own, with the tokens that the app is given. The host address makes service
// invocation find the other sidecars, which listen on loopback only.
func sidecarEnvironment(appEnv []string) []string {
	env := append([]string{"DAPR_HOST_IP=" + loopback}, inherited()...)
	for _, variable := range appEnv {
		for _, token := range tokenVariables {
			if strings.HasPrefix(variable, token+"=") {
				env = append(env, variable)
			}
		}
	}
	return env
}

func inherited() []string {
	var env []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains(givenVariables, name) {
			env = append(env, variable)
		}
	}
	return env
}
