package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vcrelay/vcrelay/app/local/runfile"
)

// backendsFolder is where the folders of components are, beside the run file.
const backendsFolder = "components"

// errNoSharing is why there is no folder for Dapr's in-memory components.
var errNoSharing = errors.New("the in-memory components keep events in their own sidecar: the functions, which have others, would get none; use nats, which needs nothing installed")

// useBackend puts the folder components/<name> in the place of the one that the run file names. "" leaves the file's.
func useBackend(file *runfile.File, name string) error {
	if name == "" {
		return nil
	}
	if plain := strings.ReplaceAll(name, "-", ""); plain == "inmemory" {
		return fmt.Errorf("use backend %s: %w", name, errNoSharing)
	}
	all := filepath.Join(file.Dir(), backendsFolder)
	known, err := backends(all)
	if err != nil {
		return err
	}
	chosen := filepath.Join(all, name)
	if !slices.Contains(known, name) {
		return fmt.Errorf("use backend %s: there is no folder %s; there are %s", name, chosen, strings.Join(known, ", "))
	}
	used := false
	for i := range file.Apps {
		for j, path := range file.Apps[i].ResourcesPaths {
			if filepath.Dir(path) == all {
				file.Apps[i].ResourcesPaths[j], used = chosen, true
			}
		}
	}
	if !used {
		return fmt.Errorf("use backend %s: no resourcesPaths in %s is below %s, so there is nothing to replace", name, file.Path, all)
	}
	return nil
}

// backends are the folders that hold components.
func backends(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("look for backends: %w", err)
	}
	for _, item := range entries {
		if found, _ := filepath.Glob(filepath.Join(dir, item.Name(), "*.yaml")); len(found) > 0 {
			names = append(names, item.Name())
		}
	}
	return names, nil
}
