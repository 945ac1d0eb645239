package toolbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/local/toolbox/patch"
)

const mending = `It is wrong.

--- a/example.org/x/library/pubsub/pubsub.go
+++ b/example.org/x/library/pubsub/pubsub.go
@@ -1,2 +1,2 @@
 package pubsub
-const good = false
+const good = true
`

// patched is a workshop with a Go toolchain, a library that is wrong, and a patch for it.
func patched(t *testing.T) (w *workshop, library, seen string) {
	t.Helper()
	w = newWorkshop(t)
	fake(t, w.path, "go")
	library, seen = t.TempDir(), t.TempDir()
	t.Setenv("FAKE_GO_LIBRARY", library)
	t.Setenv("FAKE_GO_SEEN", seen)
	t.Setenv("TMPDIR", t.TempDir())
	write(t, filepath.Join(library, "go.mod"), "module example.org/x/library\n")
	write(t, filepath.Join(library, "pubsub", "pubsub.go"), "package pubsub\nconst good = false\n")
	write(t, filepath.Join(w.root, "tools", "daprd", "patches", "pubsub.patch"), mending)
	return w, library, filepath.Join(seen, w.root, "tools")
}

func read(t *testing.T, elements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheCompilerSeesAPatchedLibraryAndTheLibraryStaysAsItIs(t *testing.T) {
	w, library, seen := patched(t)
	w.daprd(t, filepath.Join(w.root, "bin", "daprd"))
	if got := read(t, seen, "patched/example.org/x/library/pubsub/pubsub.go"); got != "package pubsub\nconst good = true\n" {
		t.Errorf("the compiler sees %q", got)
	}
	if got := read(t, library, "pubsub", "pubsub.go"); got != "package pubsub\nconst good = false\n" {
		t.Errorf("the library is %q", got)
	}
	if got := read(t, seen, "patched/example.org/x/library/go.mod"); got != "module example.org/x/library\n" {
		t.Errorf("its other files are not there as they are: %q", got)
	}
	if got := read(t, seen, "go.mod"); got != "module x\n\nreplace example.org/x/library => ./patched/example.org/x/library\n" {
		t.Errorf("go.mod: %q", got)
	}
	if command := read(t, w.log); !strings.Contains(command, "-X main.patches=pubsub ") {
		t.Errorf("it does not know its patches: %s", command)
	}
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAChangedPatchBuildsTheSidecarAnewAndTheStockOneNot(t *testing.T) {
	w, _, _ := patched(t)
	file := filepath.Join(w.root, "tools", "daprd", "patches", "pubsub.patch")
	for range 2 { // the second time nothing has changed
		t.Setenv("VCRELAY_DAPRD", "")
		w.daprd(t, filepath.Join(w.root, "bin", "daprd"))
		t.Setenv("VCRELAY_DAPRD", "stock")
		w.daprd(t, filepath.Join(w.root, "bin", "daprd-stock"))
	}
	if w.builds() != 2 {
		t.Fatalf("%d builds, want one of each", w.builds())
	}
	write(t, file, "Really. "+mending)
	w.daprd(t, filepath.Join(w.root, "bin", "daprd-stock"))
	if w.builds() != 2 {
		t.Error("the stock sidecar was built for a patch")
	}
	t.Setenv("VCRELAY_DAPRD", "")
	w.daprd(t, filepath.Join(w.root, "bin", "daprd"))
	if w.builds() != 3 {
		t.Error("a changed patch is not built")
	}
}

func TestTheStockSidecarIsBuiltWithoutPatches(t *testing.T) {
	w, _, _ := patched(t)
	t.Setenv("VCRELAY_DAPRD", "stock")
	w.daprd(t, filepath.Join(w.root, "bin", "daprd-stock"))
	if command := read(t, w.log); strings.Contains(command, "-overlay") || strings.Contains(command, "main.patches") || !strings.HasSuffix(command, "./daprd 0\n") {
		t.Errorf("built with: %s", command)
	}
}

func TestAPatchThatDoesNotFitFailsTheBuildInOneLine(t *testing.T) {
	w, library, _ := patched(t)
	write(t, filepath.Join(library, "pubsub", "pubsub.go"), "package pubsub\nconst good = true\n")
	_, err := w.box.Daprd(t.Context())
	want := "build daprd: pubsub, hunk 1 of example.org/x/library/pubsub/pubsub.go: no longer applies: the text that it changes is not there, or not once; " +
		"mend the patch, drop it if the library is mended, or do without (VCRELAY_DAPRD=stock)"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	if w.builds() != 0 {
		t.Error("it was built without")
	}
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEachPatchOfTheSidecarSaysWhatIsWrongAndChangesAComponentThatItHas(t *testing.T) {
	patches, err := patch.Load("../../../tools/daprd/patches")
	if err != nil || len(patches) == 0 {
		t.Fatalf("%d patches, %v", len(patches), err)
	}
	components := read(t, "../../../tools/daprd/components.go")
	for _, p := range patches {
		if len(p.Reason) < 100 {
			t.Errorf("%s does not say what is wrong: %q", p.Name, p.Reason)
		}
		if imported := filepath.ToSlash(filepath.Dir(p.Target)); !strings.Contains(components, `"`+imported+`"`) {
			t.Errorf("%s changes %s, which the sidecar does not have", p.Name, imported)
		}
	}
}
