// Package toolbox finds the programs that a run needs besides the apps, the Dapr sidecar and the NATS JetStream broker,
// or builds them from the source tree.
package toolbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// daprdVersion is what tools/ pins; any patch of its minor version fits.
const (
	daprdVersion = "1.18.0"
	daprdMinor   = "1.18."
)

// askLimit bounds `daprd --version`, so that something else of that name cannot hold up the start.
const askLimit = 10 * time.Second

// Toolbox finds the programs that a run needs, or builds them from the source tree.
type Toolbox struct {
	Root   string                                // source tree with tools/ and bin/
	Notice func(format string, arguments ...any) // progress, for people; nil = silent
}

// stockDaprd as $VCRELAY_DAPRD asks for our own build without the patches of tools/daprd/patches.
const stockDaprd = "stock"

// ownDaprd asks for our own build whatever is installed.
const ownDaprd = "own"

// Daprd returns the path of a sidecar of a fitting version: $VCRELAY_DAPRD (an error when it does not fit), PATH,
// ~/.dapr/bin, <Root>/bin, else one built from <Root>/tools. The first build takes minutes; ctx ends it. With
// VCRELAY_DAPRD=stock it is <Root>/bin/daprd-stock, built without our patches, and with VCRELAY_DAPRD=own our build in any case.
func (t *Toolbox) Daprd(ctx context.Context) (string, error) {
	wanted := tool{
		name: "daprd", folder: "daprd",
		flags: "-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=" + daprdVersion,
		fits:  func(path string) error { return fits(ctx, path) },
		mend:  "set VCRELAY_DAPRD to a daprd " + daprdMinor + "x, install the Dapr CLI (`dapr init --slim --runtime-version " + daprdVersion + "`)",
	}
	given := os.Getenv("VCRELAY_DAPRD")
	if given == stockDaprd {
		wanted.name, wanted.stock = "daprd-stock", true
		return t.own(ctx, wanted)
	}
	if given == ownDaprd {
		return t.own(ctx, wanted)
	}
	if given != "" {
		if err := fits(ctx, given); err != nil {
			return "", fmt.Errorf("use VCRELAY_DAPRD=%s: %w; point it at a daprd %sx or unset it", given, err, daprdMinor)
		}
		return filepath.Abs(given)
	}
	for _, candidate := range installed() {
		err := fits(ctx, candidate)
		if err == nil {
			return candidate, nil
		}
		t.notice("daprd at %s is not used: %v", candidate, err)
	}
	return t.own(ctx, wanted)
}

// Broker returns the path of the NATS JetStream broker: $VCRELAY_BROKER, else <Root>/bin/broker, built from
// <Root>/tools when it is missing or older than its source.
func (t *Toolbox) Broker(ctx context.Context) (string, error) {
	if given := os.Getenv("VCRELAY_BROKER"); given != "" {
		if _, err := exec.LookPath(given); err != nil {
			return "", fmt.Errorf("use VCRELAY_BROKER: %w", err)
		}
		return filepath.Abs(given)
	}
	return t.own(ctx, tool{
		name: "broker", folder: "broker",
		flags: "-s -w",
		fits:  func(path string) error { _, err := exec.LookPath(path); return err },
		mend:  "set VCRELAY_BROKER to the broker binary, or point the components at a NATS server that is not on loopback",
	})
}

// installed lists the places of a daprd that is not ours.
func installed() []string {
	var found []string
	if path, err := exec.LookPath("daprd"); err == nil {
		if absolute, err := filepath.Abs(path); err == nil {
			found = append(found, absolute)
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		if path := filepath.Join(home, ".dapr", "bin", "daprd"); exists(path) {
			found = append(found, path)
		}
	}
	return found
}

// fits asks a daprd for its version.
func fits(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version") // #nosec G204 -- a daprd that the person installed or named
	cmd.WaitDelay = time.Second
	answer, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("ask for its version: %w", err)
	}
	version := strings.TrimPrefix(strings.TrimSpace(string(answer)), "v")
	if !strings.HasPrefix(version, daprdMinor) {
		return fmt.Errorf("version is %s, not %sx", version, daprdMinor)
	}
	return nil
}

// tool is one program of tools/.
type tool struct {
	name   string
	folder string                  // in tools/
	stock  bool                    // without the patches of its folder
	flags  string                  // -ldflags
	fits   func(path string) error // whether a binary that cannot be built anew may be used
	mend   string                  // what a person without Go can do
}

// own returns <Root>/bin/<name>. A fresh stamp costs a few file reads and starts nothing.
func (t *Toolbox) own(ctx context.Context, wanted tool) (string, error) {
	root, err := filepath.Abs(t.Root) // the compiler runs in another folder
	if err != nil {
		return "", fmt.Errorf("resolve source tree: %w", err)
	}
	binary := filepath.Join(root, "bin", wanted.name)
	stamp, err := stampOf(root, wanted)
	if err == nil {
		if err = t.build(ctx, wanted, binary, stamp); err == nil {
			return binary, nil
		}
		if !errors.Is(err, errNoGo) {
			return "", err
		}
	}
	// Without source or Go, a binary that was shipped or built before does as well.
	if exists(binary) && wanted.fits(binary) == nil {
		return binary, nil
	}
	return "", fmt.Errorf("find %s: none installed and none can be built in %s: %w; install Go (https://go.dev/dl) and run from the source tree, or %s",
		wanted.name, t.Root, err, wanted.mend)
}

func (t *Toolbox) notice(format string, arguments ...any) {
	if t.Notice != nil {
		t.Notice(format, arguments...)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
