package local

import (
	"maps"
	"path/filepath"
)

// RunFile is a dapr.yaml whose defaults and `common` section are already merged into each app.
type RunFile struct {
	Path string // absolute
	Name string
	Apps []App // in the order of the file
}

// Dir is the folder of the run file.
func (f *RunFile) Dir() string { return filepath.Dir(f.Path) }

// App is one entry of `apps`. Paths are absolute. A port of 0 means any free one; an AppPort of 0 means that the app
// listens on nothing. The caller may change an App (its Command, say) before the RunFile is given to New.
type App struct {
	ID             string
	Dir            string // working directory of the app
	Command        []string
	Env            map[string]string
	Port           int
	Protocol       string // http, https, grpc, grpcs, h2c
	ChannelAddress string
	MaxConcurrency int

	ResourcesPaths []string
	ConfigFile     string

	HTTPPort           int
	GRPCPort           int
	InternalGRPCPort   int
	MetricsPort        int // 0 = no metrics
	ProfilePort        int
	EnableProfiling    bool
	APIListenAddresses string // comma separated
	LogLevel           string
	EnableAPILogging   bool
	MaxBodySize        string
	ReadBufferSize     string
	PlacementAddress   string // empty = none, unlike the stock CLI's localhost
	SchedulerAddress   string

	AppHealth      AppHealth
	AppLog         Destination
	DaprdLog       Destination
	line           int
	resourcesGiven bool
}

// AppHealth is how the sidecar probes the app. Zero values leave daprd's defaults.
type AppHealth struct {
	Enabled        bool
	Path           string
	IntervalSecond int
	TimeoutMillis  int
	Threshold      int
}

// Destination is where the output of a process goes.
type Destination string

// The destinations of the stock CLI. The default here is FileAndConsole for both kinds of process: a sidecar that
// complains should be seen.
const (
	Console        Destination = "console"
	File           Destination = "file"
	FileAndConsole Destination = "fileAndConsole"
)

// defaultApp is what an app is when the file says nothing.
func defaultApp() App {
	return App{
		Protocol:           "http",
		ChannelAddress:     loopback,
		APIListenAddresses: loopback,
		LogLevel:           "warn",
		AppLog:             FileAndConsole,
		DaprdLog:           FileAndConsole,
		Env:                map[string]string{},
	}
}

// inherit is the app that an entry of `apps` starts from. Resources and configuration are left out: between the
// app's own and the common ones stand those in the app's folder.
func (a *App) inherit() App {
	heir := *a
	heir.Env = maps.Clone(a.Env)
	heir.ResourcesPaths, heir.ConfigFile, heir.resourcesGiven = nil, "", false
	return heir
}
