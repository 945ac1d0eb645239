package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"gopkg.in/yaml.v3"
)

// ReadRunFile reads a dapr.yaml in the format of `dapr run -f`, strictly. The error joins every *Fault of the file,
// each with its line and what mends it. Only the first document of the file is read by the stock CLI, so a second one is a fault.
func ReadRunFile(path string) (*RunFile, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("resolve run file %s: %w", path, err)
	}
	content, err := os.ReadFile(absolute) // #nosec G304 -- the file that the person named
	if err != nil {
		return nil, fmt.Errorf("read run file: %w", err)
	}
	root, err := parseRunFile(path, content)
	if err != nil {
		return nil, err
	}
	r := &reader{faults: faults{file: path}, dir: filepath.Dir(absolute)}
	file := &RunFile{Path: absolute}
	r.readRoot(root, file)
	if err := r.err(); err != nil {
		return nil, err
	}
	return file, nil
}

func parseRunFile(path string, content []byte) (*yaml.Node, error) {
	found := &faults{file: path}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	switch {
	case errors.Is(err, io.EOF):
		found.add(1, "the file is empty: it needs `version: 1` and `apps`")
	case err != nil:
		return nil, fmt.Errorf("parse run file %s: %w", path, err)
	case decoder.Decode(&second) == nil:
		found.add(second.Line, "a second document is never read: put all apps into the first")
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	return document.Content[0], nil
}

// reader turns YAML nodes into a RunFile and remembers what is wrong on the way.
type reader struct {
	faults
	dir    string // what relative paths of the section being read are relative to
	merges int    // mappings read so far
}

func (r *reader) readRoot(root *yaml.Node, file *RunFile) {
	common := defaultApp()
	var version, apps *yaml.Node
	for _, p := range r.pairs(root, "the run file") {
		switch p.key.Value {
		case "version":
			version = p.value
		case "name":
			file.Name = p.value.Value
		case "common":
			r.readSection(p.value, inCommon, &common)
		case "apps":
			apps = p.value
		default:
			r.unknown(p.key, []string{"version", "name", "common", "apps"})
		}
	}
	r.checkVersion(root, version)
	r.readApps(root, apps, &common, file)
	r.checkTwice(file)
}

func (r *reader) checkVersion(root, version *yaml.Node) {
	switch {
	case version == nil:
		r.add(root.Line, "version is missing: write `version: 1`")
	case version.Value != "1":
		r.add(version.Line, "version %s is not known: write `version: 1`", version.Value)
	}
}

func (r *reader) readApps(root, apps *yaml.Node, common *App, file *RunFile) {
	if apps == nil || len(apps.Content) == 0 {
		r.add(root.Line, "apps is missing: list at least one app with its appDirPath and command")
		return
	}
	if apps.Kind != yaml.SequenceNode {
		r.add(apps.Line, "apps wants a list: begin each app with `- `")
		return
	}
	for _, node := range apps.Content {
		file.Apps = append(file.Apps, r.readApp(resolve(node), common))
	}
}

// checkTwice finds app ids and ports that two apps claim.
func (r *reader) checkTwice(file *RunFile) {
	seen := map[string]string{}
	claim := func(app *App, what, value string) {
		if owner, taken := seen[what+" "+value]; taken {
			r.add(app.line, "%s %s of app %s is also that of app %s: give each its own", what, value, app.ID, owner)
		}
		seen[what+" "+value] = app.ID
	}
	for i := range file.Apps {
		app := &file.Apps[i]
		claim(app, "appID", app.ID)
		for _, port := range []int{app.Port, app.HTTPPort, app.GRPCPort, app.InternalGRPCPort, app.MetricsPort, app.ProfilePort} {
			if port > 0 {
				claim(app, "port", strconv.Itoa(port))
			}
		}
	}
}
