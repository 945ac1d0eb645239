package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const diff = `What is wrong.

--- a/x.go
+++ b/x.go
@@ -1,3 +1,3 @@
 func f() {
-	good()
+	bad()
 }
`

func TestEachMutantApplies(t *testing.T) {
	patches, err := load(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(patches) < 15 {
		t.Errorf("%d mutants, want at least 15", len(patches))
	}
	for _, p := range patches {
		source, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(p.target)))
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
			continue
		}
		changed, err := p.apply(string(source))
		if err != nil {
			t.Error(err)
		}
		if changed == string(source) {
			t.Errorf("%s changes nothing", p.name)
		}
		if strings.HasSuffix(p.target, "_test.go") || strings.Contains(p.target, "relaytest") {
			t.Errorf("%s changes the tests: %s", p.name, p.target)
		}
	}
}

func TestAPatchReplacesItsText(t *testing.T) {
	p, err := parse("m", diff)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.apply("// one\nfunc f() {\n\tgood()\n}\n")
	if err != nil || got != "// one\nfunc f() {\n\tbad()\n}\n" || p.target != "x.go" {
		t.Errorf("%q of %s, %v", got, p.target, err)
	}
}

func TestAPatchWhoseTextHasChangedNoLongerApplies(t *testing.T) {
	p, err := parse("m", diff)
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]string{
		"gone":  "func f() {\n\tbetter()\n}\n",
		"twice": strings.Repeat("func f() {\n\tgood()\n}\n", 2),
	} {
		if _, err := p.apply(source); !errors.Is(err, errAway) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTextThatIsNoPatchIsRefused(t *testing.T) {
	for _, text := range []string{"", "good\n", "--- a/x.go\n+++ b/x.go\n", strings.Repeat(diff, 2)} {
		if _, err := parse("m", text); err == nil {
			t.Errorf("%q was taken", text)
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
