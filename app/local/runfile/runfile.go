// Package runfile reads a dapr.yaml, the format of `dapr run -f`, strictly: each unknown or misspelt key, missing path
// and bad value is reported, all at once, each with its line and what mends it. A key that the stock CLI honours and
// this program does not is refused, never ignored.
//
// The keys are those of dapr/cli pkg/standalone/run.go (RunConfig, SharedRunConfig) and pkg/runfileconfig, at bc695e97
// (July 2026).
package runfile

import (
	"maps"
	"path/filepath"
	"reflect"
)

const loopback = "127.0.0.1"

// File is a dapr.yaml whose defaults and `common` section are already merged into each app.
type File struct {
	Path string // absolute
	Name string
	Apps []App // in the order of the file
}

// Dir is the folder of the run file.
func (f *File) Dir() string { return filepath.Dir(f.Path) }

// App is one entry of `apps`. Paths are absolute. A port of 0 means any free one, except that Port 0 is an app which
// listens on nothing and MetricsPort 0 a sidecar without metrics. The caller may change an App before it is run.
type App struct {
	ID               string   `yaml:"appID"`
	Dir              string   `yaml:"appDirPath"` // working directory of the app
	Command          []string `yaml:"command"`    // none = only the sidecar runs
	Port             int      `yaml:"appPort"`
	ChannelAddress   string   `yaml:"appChannelAddress"`
	HTTPPort         int      `yaml:"daprHTTPPort"`
	GRPCPort         int      `yaml:"daprGRPCPort"`
	InternalGRPCPort int      `yaml:"daprInternalGRPCPort"`
	MetricsPort      int      `yaml:"metricsPort"`
	Shared           `yaml:",inline"`

	Line int `yaml:"-"` // where the entry begins
}

// Shared is what `common` may hold as well as an app. A zero value takes over what `common` says: so the stock CLI
// merges. After Read, the two addresses of the control plane are never nil.
type Shared struct {
	ResourcesPaths     []string          `yaml:"resourcesPaths"`
	ResourcesPath      string            `yaml:"resourcesPath"` // deprecated by the stock CLI; Read adds it to ResourcesPaths
	ConfigFile         string            `yaml:"configFilePath"`
	Env                map[string]string `yaml:"env"`
	LogLevel           string            `yaml:"logLevel"`
	Protocol           string            `yaml:"appProtocol"`
	MaxConcurrency     int               `yaml:"appMaxConcurrency"`
	APIListenAddresses string            `yaml:"apiListenAddresses"`   // comma separated
	PlacementAddress   *string           `yaml:"placementHostAddress"` // "" = none, and so by default, unlike the stock CLI
	SchedulerAddress   *string           `yaml:"schedulerHostAddress"` // the same
	MaxBodySize        string            `yaml:"maxBodySize"`
	ReadBufferSize     string            `yaml:"readBufferSize"`
	EnableAPILogging   bool              `yaml:"enableApiLogging"`

	HealthCheck         bool   `yaml:"enableAppHealthCheck"`
	HealthPath          string `yaml:"appHealthCheckPath"`
	HealthIntervalSecs  int    `yaml:"appHealthProbeInterval"`
	HealthTimeoutMillis int    `yaml:"appHealthProbeTimeout"`
	HealthThreshold     int    `yaml:"appHealthThreshold"`
}

// refused are keys that the stock CLI honours and this program does not, with what to do instead.
var refused = map[string]string{
	"appLogDestination":        "each app writes to the console and to a file in the data folder's logs/, remove it",
	"daprdLogDestination":      "each sidecar writes to the console and to a file in the data folder's logs/, remove it",
	"enableProfiling":          "profile a daprd that you start by hand, remove it",
	"profilePort":              "profile a daprd that you start by hand, remove it",
	"runtimePath":              "set VCRELAY_DAPRD to the daprd to use",
	"unixDomainSocket":         "the sidecars listen on loopback ports, remove it",
	"appSSL":                   "write `appProtocol: https` (or grpcs)",
	"containerImage":           "it is for `dapr run -k`, remove it",
	"containerImagePullPolicy": "it is for `dapr run -k`, remove it",
	"createService":            "it is for `dapr run -k`, remove it",
}

// defaults are what an app is when neither it nor `common` says anything.
func defaults() Shared {
	return Shared{
		LogLevel: "warn", Protocol: "http", APIListenAddresses: loopback,
		PlacementAddress: new(string), SchedulerAddress: new(string), Env: map[string]string{},
	}
}

// inherit takes over what s leaves open. Variables are merged one by one.
func (s *Shared) inherit(from *Shared) {
	env := maps.Clone(from.Env)
	if env == nil {
		env = map[string]string{}
	}
	maps.Copy(env, s.Env)
	own, other := reflect.ValueOf(s).Elem(), reflect.ValueOf(from).Elem()
	for i := range own.NumField() {
		if own.Field(i).IsZero() {
			own.Field(i).Set(other.Field(i))
		}
	}
	s.Env = env
}
