package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/local/toolbox/patch"
)

func TestEachMutantApplies(t *testing.T) {
	patches, err := patch.Load(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(patches) < 15 {
		t.Errorf("%d mutants, want at least 15", len(patches))
	}
	for _, p := range patches {
		source, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(p.Target)))
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		changed, err := p.Apply(string(source))
		if err != nil {
			t.Error(err)
		}
		if changed == string(source) {
			t.Errorf("%s changes nothing", p.Name)
		}
		if strings.HasSuffix(p.Target, "_test.go") || strings.Contains(p.Target, "relaytest") {
			t.Errorf("%s changes the tests: %s", p.Name, p.Target)
		}
	}
}

func TestTheFirstBrokenRuleIsFound(t *testing.T) {
	rule, seed, found := firstBroken([]byte("noise\nseed 12 broke Complete at 3h: row\nseed 13 broke Alive\n"))
	if rule != "Complete" || seed != 12 || !found {
		t.Errorf("%s of seed %d, %v", rule, seed, found)
	}
	if _, _, found := firstBroken([]byte("panic: no day ended")); found {
		t.Error("found where there is none")
	}
}
