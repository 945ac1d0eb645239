package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/config"
)

var update = flag.Bool("update", false, "write the golden files of testdata/faulty anew")

// line is what a fault of a file looks like: file, line, where it has one the path of the key, what is wrong and, after a
// semicolon or in the words of who knows, a remedy.
var line = regexp.MustCompile(`^\d\d-[a-z-]+\.yaml:\d+: (((vcenters|routes)(\[\d+\])?[a-zA-Z0-9.\[\]-]*): )?.+[;:,] .+`)

// Each file of testdata/faulty has the faults that are found in it beside it, and what its schema says of it.
func TestEachFaultyFleetFileIsRefusedWithAllItsFaultsTheirPlacesAndRemedies(t *testing.T) {
	compiled := compile(t)
	t.Chdir(filepath.Join("testdata", "faulty"))
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d faulty files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
			faults := faultsOf(t, file)
			for _, fault := range faults {
				if !line.MatchString(fault) || strings.Contains(fault, "\n") {
					t.Errorf("without place or remedy: %s", fault)
				}
				if strings.Contains(fault, "cr3t") {
					t.Errorf("shows a password: %s", fault)
				}
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".want", strings.Join(faults, "\n")+"\nschema: "+compiled.opinion(t, file)+"\n")
		})
	}
}

// faultsOf are those of a fleet file that has some.
func faultsOf(t *testing.T, file string) config.Faults {
	t.Helper()
	fleet, err := config.ReadFleet(file, defaults(t), checks)
	var faults config.Faults
	if !errors.As(err, &faults) || len(faults) == 0 || fleet.Vcenters != nil || fleet.Routes != nil {
		t.Fatalf("%+v, %v; want faults and nothing else", fleet, err)
	}
	return faults
}

// checks stand for those who know filters and patterns.
var checks = config.Checks{
	CEL: func(expression string) error {
		if strings.Count(expression, "(") != strings.Count(expression, ")") {
			return errors.New("unbalanced:\n | " + expression + "\n | ^\nclose each bracket")
		}
		return nil
	},
	Pattern: func(object []byte) error {
		if strings.Contains(string(object), `"subject":{`) {
			return errors.New("a section where a list of values belongs; write subject: [...]")
		}
		return nil
	},
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
