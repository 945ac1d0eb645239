package local

import (
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// section is the part of a run file in which a key may stand.
type section int

const (
	inCommon section = 1 << iota
	inApp
	inBoth = inCommon | inApp
)

func (s section) String() string {
	if s == inCommon {
		return "common"
	}
	return "an app"
}

// key is what one key of the run file does to an app. A zero value changes nothing: so the stock CLI inherits.
type key struct {
	in  section
	set func(r *reader, name string, app *App, value *yaml.Node)
}

// knownKeys are those of dapr/cli pkg/standalone/run.go (RunConfig, SharedRunConfig) and pkg/runfileconfig, at
// bc695e97 (July 2026), that can be honoured here.
var knownKeys = map[string]key{
	"appDirPath":             {inApp, func(*reader, string, *App, *yaml.Node) {}}, // read first, by appDir
	"appID":                  {inApp, text(func(a *App) *string { return &a.ID })},
	"appChannelAddress":      {inApp, text(func(a *App) *string { return &a.ChannelAddress })},
	"appPort":                {inApp, port(func(a *App) *int { return &a.Port })},
	"daprHTTPPort":           {inApp, port(func(a *App) *int { return &a.HTTPPort })},
	"daprGRPCPort":           {inApp, port(func(a *App) *int { return &a.GRPCPort })},
	"daprInternalGRPCPort":   {inApp, port(func(a *App) *int { return &a.InternalGRPCPort })},
	"metricsPort":            {inApp, port(func(a *App) *int { return &a.MetricsPort })},
	"profilePort":            {inApp, port(func(a *App) *int { return &a.ProfilePort })},
	"command":                {inApp, words(func(a *App) *[]string { return &a.Command })},
	"configFilePath":         {inBoth, onePath(func(a *App) *string { return &a.ConfigFile })},
	"resourcesPaths":         {inBoth, resourcePaths},
	"resourcesPath":          {inBoth, resourcePaths}, // deprecated by the stock CLI, and merged in
	"env":                    {inBoth, environment},
	"logLevel":               {inBoth, oneOf(func(a *App) *string { return &a.LogLevel }, "debug", "info", "warn", "error", "fatal", "panic")},
	"appProtocol":            {inBoth, oneOf(func(a *App) *string { return &a.Protocol }, "http", "https", "grpc", "grpcs", "h2c")},
	"apiListenAddresses":     {inBoth, addresses(func(a *App) *string { return &a.APIListenAddresses })},
	"placementHostAddress":   {inBoth, address(func(a *App) *string { return &a.PlacementAddress }, "50005")},
	"schedulerHostAddress":   {inBoth, address(func(a *App) *string { return &a.SchedulerAddress }, "50006")},
	"appMaxConcurrency":      {inBoth, number(func(a *App) *int { return &a.MaxConcurrency })},
	"maxBodySize":            {inBoth, text(func(a *App) *string { return &a.MaxBodySize })},
	"readBufferSize":         {inBoth, text(func(a *App) *string { return &a.ReadBufferSize })},
	"enableProfiling":        {inBoth, flag(func(a *App) *bool { return &a.EnableProfiling })},
	"enableApiLogging":       {inBoth, flag(func(a *App) *bool { return &a.EnableAPILogging })},
	"enableAppHealthCheck":   {inBoth, flag(func(a *App) *bool { return &a.AppHealth.Enabled })},
	"appHealthCheckPath":     {inBoth, text(func(a *App) *string { return &a.AppHealth.Path })},
	"appHealthProbeInterval": {inBoth, number(func(a *App) *int { return &a.AppHealth.IntervalSecond })},
	"appHealthProbeTimeout":  {inBoth, number(func(a *App) *int { return &a.AppHealth.TimeoutMillis })},
	"appHealthThreshold":     {inBoth, number(func(a *App) *int { return &a.AppHealth.Threshold })},
	"daprdLogDestination":    {inBoth, destination(func(a *App) *Destination { return &a.DaprdLog })},
	"appLogDestination":      {inBoth, destination(func(a *App) *Destination { return &a.AppLog })},
}

// refusedKeys are those that the stock CLI knows and this package cannot honour, with what to do instead.
var refusedKeys = map[string]string{
	"runtimePath":              "set VCRELAY_DAPRD to the daprd to use",
	"unixDomainSocket":         "the sidecars listen on loopback ports, remove it",
	"appSSL":                   "write `appProtocol: https` (or grpcs)",
	"containerImage":           "it is for `dapr run -k`, remove it",
	"containerImagePullPolicy": "it is for `dapr run -k`, remove it",
	"createService":            "it is for `dapr run -k`, remove it",
}

// namesOf lists the keys of a section, in alphabetical order.
func namesOf(in section) []string {
	names := slices.Sorted(maps.Keys(knownKeys))
	return slices.DeleteFunc(names, func(name string) bool { return knownKeys[name].in&in == 0 })
}
