package runfile

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// complete checks what the file says and fills in what it leaves open.
func (r *reader) complete(read *document, dir string) {
	if read.Version == "" {
		r.add("/version", "version is missing: write `version: 1`")
	} else if read.Version != "1" {
		r.add("/version", "version %s is not known: write `version: 1`", read.Version)
	}
	if len(read.Apps) == 0 {
		r.add("/apps", "apps is missing: list at least one app with its appDirPath and command")
	}
	r.checkShared("/common", &read.Common, dir)
	taken := map[string]string{}
	for i := range read.Apps {
		at := "/apps/" + strconv.Itoa(i)
		r.completeApp(at, &read.Apps[i], &read.Common, dir)
		r.claim(at, &read.Apps[i], taken)
	}
}

// completeApp follows the order of the stock CLI: what the app says itself, the files in its folder, what is common,
// the defaults. The last step of the stock CLI, the files of `dapr init`, is left out: what runs must not depend on
// what is installed.
func (r *reader) completeApp(at string, app *App, common *Shared, dir string) {
	app.Line = r.line(at)
	if app.Dir == "" {
		r.add(at+"/appDirPath", "appDirPath is missing: write the app's folder, `appDirPath: .` for that of this file")
		app.Dir = dir
	} else {
		app.Dir = r.path(at, "appDirPath", app.Dir, dir)
	}
	if app.ID == "" {
		app.ID = filepath.Base(app.Dir)
	}
	if app.ChannelAddress == "" {
		app.ChannelAddress = loopback
	}
	r.checkShared(at, &app.Shared, app.Dir)
	if own := filepath.Join(app.Dir, ".dapr", "resources"); len(app.ResourcesPaths) == 0 && exists(own) {
		app.ResourcesPaths = []string{own}
	}
	if own := filepath.Join(app.Dir, ".dapr", "config.yaml"); app.ConfigFile == "" && exists(own) {
		app.ConfigFile = own
	}
	app.inherit(common)
	unsaid := defaults()
	app.inherit(&unsaid)
}

// checkShared checks what a section says itself and makes its paths absolute.
func (r *reader) checkShared(at string, s *Shared, dir string) {
	r.oneOf(at+"/logLevel", s.LogLevel, "debug", "info", "warn", "error", "fatal", "panic")
	r.oneOf(at+"/appProtocol", s.Protocol, "http", "https", "grpc", "grpcs", "h2c")
	for one := range strings.SplitSeq(s.APIListenAddresses, ",") {
		if s.APIListenAddresses != "" && net.ParseIP(strings.Trim(strings.TrimSpace(one), "[]")) == nil {
			r.add(at+"/apiListenAddresses", "apiListenAddresses: %q is no IP address: write 127.0.0.1", one)
		}
	}
	withPort(s.PlacementAddress, "50005")
	withPort(s.SchedulerAddress, "50006")
	for i, path := range s.ResourcesPaths {
		s.ResourcesPaths[i] = r.path(at, "resourcesPaths/"+strconv.Itoa(i), path, dir)
	}
	if s.ResourcesPath != "" {
		s.ResourcesPaths = append(s.ResourcesPaths, r.path(at, "resourcesPath", s.ResourcesPath, dir))
		s.ResourcesPath = ""
	}
	if s.ConfigFile != "" {
		s.ConfigFile = r.path(at, "configFilePath", s.ConfigFile, dir)
	}
}

func (r *reader) oneOf(at, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		r.add(at, "%s %s is not known: write one of %s", filepath.Base(at), value, strings.Join(allowed, ", "))
	}
}

// withPort adds the stock port of a control plane service to an address without one.
func withPort(address *string, port string) {
	if address != nil && *address != "" && !strings.Contains(*address, ":") {
		*address = net.JoinHostPort(*address, port)
	}
}

// path makes a path absolute and finds out whether it is there.
func (r *reader) path(at, key, given, dir string) string {
	absolute := given
	if rest, home := strings.CutPrefix(given, "~/"); home {
		dir, _ := os.UserHomeDir()
		absolute = filepath.Join(dir, rest)
	} else if !filepath.IsAbs(given) {
		absolute = filepath.Join(dir, given)
	}
	if name, _, _ := strings.Cut(key, "/"); given == "" {
		r.add(at+"/"+key, "%s wants a path", name)
	} else if !exists(absolute) {
		r.add(at+"/"+key, "%s: %s is not there (looked for %s)", name, given, absolute)
	}
	return absolute
}

// claim finds ports that are none, and ids and ports that two apps claim. Like the stock CLI it takes a port of 0 and
// below as any free one.
func (r *reader) claim(at string, app *App, taken map[string]string) {
	once := func(key, what string) {
		if owner, ok := taken[what]; ok {
			r.add(at+"/"+key, "%s of app %s is also that of app %s: give each its own", what, app.ID, owner)
		}
		taken[what] = app.ID
	}
	once("appID", "appID "+app.ID)
	for _, port := range []struct {
		key    string
		number *int
	}{
		{"appPort", &app.Port},
		{"daprHTTPPort", &app.HTTPPort},
		{"daprGRPCPort", &app.GRPCPort},
		{"daprInternalGRPCPort", &app.InternalGRPCPort},
		{"metricsPort", &app.MetricsPort},
	} {
		if *port.number = max(*port.number, 0); *port.number > 65535 {
			r.add(at+"/"+port.key, "%s %d is no port: write 1 to 65535", port.key, *port.number)
		} else if *port.number > 0 {
			once(port.key, "port "+strconv.Itoa(*port.number))
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
