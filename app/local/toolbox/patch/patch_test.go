package patch_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/local/toolbox/patch"
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

func TestAPatchReplacesItsText(t *testing.T) {
	p, err := patch.Parse("m", diff)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Apply("// one\nfunc f() {\n\tgood()\n}\n")
	if err != nil || got != "// one\nfunc f() {\n\tbad()\n}\n" || p.Target != "x.go" || p.Reason != "What is wrong.\n\n" {
		t.Errorf("%q of %s, %v", got, p.Target, err)
	}
}

func TestAPatchWhoseTextHasChangedNoLongerApplies(t *testing.T) {
	p, err := patch.Parse("m", diff)
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]string{
		"gone":  "func f() {\n\tbetter()\n}\n",
		"twice": strings.Repeat("func f() {\n\tgood()\n}\n", 2),
	} {
		if _, err := p.Apply(source); !errors.Is(err, patch.ErrAway) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTextThatIsNoPatchIsRefused(t *testing.T) {
	for _, text := range []string{"", "good\n", "--- a/x.go\n+++ b/x.go\n", strings.Repeat(diff, 2)} {
		if _, err := patch.Parse("m", text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestPatchesOfADirectoryComeInTheOrderOfTheirNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.patch", "a.patch", "notes.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(diff), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	patches, err := patch.Load(dir)
	if err != nil || len(patches) != 2 || patches[0].Name != "a" || patches[1].Name != "b" {
		t.Errorf("%+v, %v", patches, err)
	}
}
