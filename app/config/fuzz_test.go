package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/config"
)

// Whatever stands in a fleet file: it is taken, or every fault is one line with a place; and what is taken the schema takes.
func FuzzFleet(f *testing.F) {
	for _, pattern := range []string{"testdata/faulty/*.yaml", "../../samples/fleet/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Add(complete)
	file := filepath.Join(f.TempDir(), "fleet.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		write(t, file, text)
		fleet, err := config.ReadFleet(file, defaults(t), config.Checks{Offline: true})
		if err != nil {
			var faults config.Faults
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("%v", err)
			}
			for _, fault := range faults {
				if !strings.HasPrefix(fault, file+":") || strings.Contains(fault, "\n") {
					t.Errorf("no line with a place: %q", fault)
				}
			}
			return
		}
		if len(fleet.Vcenters) == 0 || len(fleet.Routes) == 0 {
			t.Errorf("taken with %d vCenters and %d routes", len(fleet.Vcenters), len(fleet.Routes))
		}
		value, err := instance([]byte(text))
		if err != nil {
			t.Fatalf("taken, and no YAML: %v", err)
		}
		if err := compile(t).schema.Validate(value); err != nil {
			t.Error(err)
		}
	})
}
