package toolbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vcrelay/vcrelay/app/local/toolbox/patch"
)

// overlay is what `go build -overlay` reads to build a tool with patched libraries. Go allows no other files in its module
// cache, so a patched module is taken from tools/patched/<module>, a folder that is there only for the compiler: its files
// are those of the cache, but for the patched ones, and an overlay of go.mod names it. The zero value is for a tool without
// patches.
type overlay struct {
	folder  string            // scratch, for what differs
	replace map[string]string // what the compiler sees, by what is there
	patches []string          // their names
}

// library is a module that tools/go.mod names.
type library struct{ Path, Dir string }

// overlay applies tools/<folder>/patches/*.patch to the pinned modules. A patch names its file by import path.
func (t *Toolbox) overlay(ctx context.Context, goTool string, wanted tool) (made overlay, err error) {
	if wanted.stock {
		return made, nil
	}
	tools, err := filepath.Abs(filepath.Join(t.Root, "tools"))
	if err != nil {
		return made, fmt.Errorf("resolve source tree: %w", err)
	}
	patches, err := patch.Load(filepath.Join(tools, wanted.folder, patchFolder))
	if err != nil || len(patches) == 0 {
		return made, err
	}
	made.replace = make(map[string]string)
	if made.folder, err = os.MkdirTemp("", "vcrelay-overlay-"); err != nil {
		return made, fmt.Errorf("create overlay: %w", err)
	}
	var libraries []library
	for i := range patches {
		from, err := find(ctx, goTool, tools, patches[i].Target)
		if err == nil && !slices.Contains(libraries, from) {
			libraries = append(libraries, from)
			err = made.mirror(tools, from)
		}
		if err == nil {
			err = made.change(tools, &patches[i])
		}
		if err != nil {
			made.remove()
			return made, err
		}
	}
	if err := made.write(tools, libraries); err != nil {
		made.remove()
		return made, fmt.Errorf("write overlay: %w", err)
	}
	return made, nil
}

// find returns the module of a file, and downloads it when it is not there yet.
func find(ctx context.Context, goTool, tools, target string) (found library, err error) {
	cmd := exec.CommandContext(ctx, goTool, "list", "-C", tools, "-f", `{{.Module.Path}} {{.Module.Dir}}`, path.Dir(target)) // #nosec G204 -- the person's Go toolchain
	cmd.Env = goEnvironment()
	answer, err := cmd.Output()
	if failed := new(exec.ExitError); errors.As(err, &failed) {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(failed.Stderr)))
	}
	if err != nil {
		return found, fmt.Errorf("find %s: %w", target, err)
	}
	found.Path, found.Dir, _ = strings.Cut(strings.TrimSpace(string(answer)), " ")
	return found, nil
}

// mirror has the compiler see the files of a module in its folder under tools/patched.
func (o *overlay) mirror(tools string, from library) error {
	return filepath.WalkDir(from.Dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(from.Dir, file)
		o.replace[seen(tools, path.Join(from.Path, filepath.ToSlash(name)))] = file
		return err
	})
}

// seen is where the compiler finds the file of an import path.
func seen(tools, target string) string {
	return filepath.Join(tools, "patched", filepath.FromSlash(target))
}

func (o *overlay) change(tools string, p *patch.Patch) error {
	target := seen(tools, p.Target)
	text, err := os.ReadFile(o.replace[target]) // a file of the module, or what a patch before this one made of it
	if err != nil {
		return fmt.Errorf("read what %s.patch changes: %w", p.Name, err)
	}
	changed, err := p.Apply(string(text))
	if err != nil {
		return fmt.Errorf("%w; mend the patch, drop it if the library is mended, or do without (VCRELAY_DAPRD=%s)", err, stockDaprd)
	}
	o.patches = append(o.patches, p.Name)
	o.replace[target] = filepath.Join(o.folder, p.Name+".go")
	return os.WriteFile(o.replace[target], []byte(changed), 0o600)
}

// write makes a go.mod that takes the libraries from their folders, and the file for the compiler.
func (o *overlay) write(tools string, libraries []library) error {
	module, err := os.ReadFile(filepath.Join(tools, "go.mod")) // #nosec G304 -- inside the source tree
	if err != nil {
		return err
	}
	for _, one := range libraries {
		module = fmt.Appendf(module, "\nreplace %s => ./patched/%s\n", one.Path, one.Path)
	}
	o.replace[filepath.Join(tools, "go.mod")] = filepath.Join(o.folder, "go.mod")
	text, err := json.Marshal(map[string]any{"Replace": o.replace})
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(o.folder, "go.mod"), module, 0o600), os.WriteFile(o.file(), text, 0o600))
}

func (o *overlay) file() string { return filepath.Join(o.folder, "overlay.json") }

func (o *overlay) arguments() []string {
	if len(o.patches) == 0 {
		return nil
	}
	return []string{"-overlay", o.file()}
}

// flags has the tool itself know which patches it has.
func (o *overlay) flags() string {
	if len(o.patches) == 0 {
		return ""
	}
	return " -X main.patches=" + strings.Join(o.patches, ",")
}

func (o *overlay) remove() {
	if o.folder != "" {
		_ = os.RemoveAll(o.folder)
	}
}
