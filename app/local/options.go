package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vcrelay/vcrelay/app/local/runfile"
)

// Options say what a Stack runs and how. RunFile and Dir are required.
type Options struct {
	RunFile *runfile.File
	// Dir is the data folder of this stack, created when missing: the broker's store, the sidecars' working directory
	// (a relative SQLite file ends there), logs, generated resources. One stack at a time uses it.
	Dir string
	// Root is the source tree whose tools/ and bin/ are used; empty = found from the run file's folder upwards.
	Root string

	Skip []string // app ids to leave out

	// NoBroker says that the caller runs the brokers, and may start them later: none is started here, resources are read where they
	// are, and a sidecar that ends before it was ready, as daprd does without its broker, is started again for ever.
	NoBroker bool

	// Env is more environment per app id, under "" for all apps. It wins over the file.
	Env map[string]map[string]string

	Output io.Writer // one Write per line, `name | text`; nil = discarded
	Color  bool

	OnAppExit ExitPolicy

	Daprd     string        // path of the sidecar to use; empty = found or built
	Broker    string        // path of the NATS broker to use; empty = found or built
	Component string        // path of the vcrelay that serves components as processes of their own; empty = this program
	StopGrace time.Duration // how long each process may take to end; 0 = 10 s
	StopLimit time.Duration // how long all of them together may take; 0 = 30 s
}

// ExitPolicy is what the end of an app means for the stack.
type ExitPolicy int

const (
	// StopAll means: an app that ends with an exit code other than 0 stops everything, and Run returns an *AppExitError. One that
	// ends with 0 is done; when all are done, Run ends.
	StopAll ExitPolicy = iota
	// Restart means: an app that ends in any way is started again after a back-off.
	Restart
)

// AppExitError is why Run ended when an app did under StopAll: a caller may pass its code on.
type AppExitError struct {
	App  string
	Code int // -1 when a signal ended the app
	How  string
}

func (e *AppExitError) Error() string {
	return fmt.Sprintf("app %s ended (%s): its last lines above say why", e.App, e.How)
}

func (o *Options) complete() error {
	switch {
	case o.RunFile == nil:
		return errors.New("make stack: no run file")
	case o.Dir == "":
		return errors.New("make stack: no data folder")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return fmt.Errorf("resolve data folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("create data folder: %w", err)
	}
	o.Dir = dir
	if o.Root == "" {
		o.Root = findRoot(o.RunFile.Dir())
	}
	if o.Component == "" {
		if o.Component, err = os.Executable(); err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
	}
	if o.Output == nil {
		o.Output = io.Discard
	}
	if o.StopGrace <= 0 {
		o.StopGrace = 10 * time.Second
	}
	if o.StopLimit <= 0 {
		o.StopLimit = 30 * time.Second
	}
	return nil
}

// findRoot is the nearest folder above that has tools/go.mod, else dir itself.
func findRoot(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if exists(filepath.Join(at, "tools", "go.mod")) {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// chosen is the apps to run: those with a port first, else in the order of the file. What they subscribe to has to exist
// before the others publish.
func (o *Options) chosen() ([]runfile.App, error) {
	var known []string
	for i := range o.RunFile.Apps {
		known = append(known, o.RunFile.Apps[i].ID)
	}
	for _, id := range o.Skip {
		if !slices.Contains(known, id) {
			return nil, fmt.Errorf("choose apps: no app %s in %s: it has %s", id, o.RunFile.Path, strings.Join(known, ", "))
		}
	}
	var apps []runfile.App
	for _, app := range o.RunFile.Apps {
		if !slices.Contains(o.Skip, app.ID) {
			app.ResourcesPaths = slices.Clone(app.ResourcesPaths)
			apps = append(apps, app)
		}
	}
	if len(apps) == 0 {
		return nil, errors.New("choose apps: none is left to run")
	}
	slices.SortStableFunc(apps, func(a, b runfile.App) int { return later(a) - later(b) })
	return apps, nil
}

// later is 1 for an app that is not called by its sidecar.
func later(app runfile.App) int {
	if app.Port > 0 && len(app.Command) > 0 {
		return 0
	}
	return 1
}

// checkCommand finds a missing program before anything is built or started.
func checkCommand(app *runfile.App) error {
	if len(app.Command) == 0 || !strings.ContainsRune(app.Command[0], filepath.Separator) {
		return nil // found in PATH when it starts
	}
	program := app.Command[0]
	if !filepath.IsAbs(program) {
		program = filepath.Join(app.Dir, program)
	}
	if !exists(program) {
		return fmt.Errorf("app %s: its command %s is not there (looked for %s): build it first", app.ID, app.Command[0], program)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
