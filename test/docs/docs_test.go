// Package docs_test holds the documents to what the program is: a command, a target, a variable or a link that is written
// down exists.
package docs_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/config"
)

const root = "../.."

var update = flag.Bool("update", false, "write the README's table of variables anew")

// table is the place of a generated table in a document.
var table = regexp.MustCompile(`(?s)(<!-- table: environment -->\n)(.*?)(<!-- end -->)`)

func TestTheReadmeListsTheVariablesThatTheRelayReads(t *testing.T) {
	path := filepath.Join(root, "README.md")
	text := read(t, path)
	found := table.FindStringSubmatch(text)
	if found == nil {
		t.Fatal("README.md has no <!-- table: environment --> with an <!-- end -->")
	}
	want := config.Table()
	if strings.Count(want, "\n") < 10 || found[2] == want {
		if found[2] != want {
			t.Fatalf("config.Table() is only\n%s", want)
		}
		return
	}
	if !*update {
		t.Fatal("the table of variables in README.md is out of date: `make docs` writes it anew")
	}
	fresh := strings.Replace(text, found[0], found[1]+want+found[3], 1)
	if err := os.WriteFile(path, []byte(fresh), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestEveryMakeTargetInTheDocumentsExists(t *testing.T) {
	targets := targets(t)
	for _, doc := range documents(t) {
		for _, line := range doc.commands {
			for _, target := range makeTargets(line) {
				if !slices.Contains(targets, target) {
					t.Errorf("%s: `%s`: the Makefile has no target %q", doc.path, line, target)
				}
			}
		}
	}
}

func TestEveryVariableInTheDocumentsIsRead(t *testing.T) {
	source := sources(t)
	for _, doc := range documents(t) {
		for _, name := range variable.FindAllString(doc.text, -1) {
			if !strings.HasSuffix(name, "_") && !isRead(source, name) {
				t.Errorf("%s: nothing reads %s", doc.path, name)
			}
		}
	}
}

var variable = regexp.MustCompile(`\bVCRELAY_[A-Z0-9_]+`)

// isRead knows the variables that are made from a prefix and a field (VCRELAY_VCSIM_*), and those that are named in code.
func isRead(source, name string) bool {
	return slices.Contains(config.Names(), name) || strings.HasPrefix(name, "VCRELAY_VCSIM_") || strings.Contains(source, `"`+name+`"`)
}

func TestEveryRelativeLinkLeadsSomewhere(t *testing.T) {
	for _, doc := range documents(t) {
		for _, link := range link.FindAllStringSubmatch(doc.prose, -1) {
			target, _, _ := strings.Cut(link[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc.path), target)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", doc.path, link[1])
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestEveryTestThatADocumentNamesExists(t *testing.T) {
	var tests strings.Builder
	for _, path := range files(t, ".go") {
		if strings.HasSuffix(path, "_test.go") {
			tests.WriteString(read(t, path))
		}
	}
	for _, doc := range documents(t) {
		for _, name := range testName.FindAllString(doc.text, -1) {
			if !strings.Contains(tests.String(), "\nfunc "+name+"(t *testing.T)") {
				t.Errorf("%s: there is no %s", doc.path, name)
			}
		}
	}
}

var testName = regexp.MustCompile(`\bTest[A-Z]\w+`)

// targets are those of the Makefile.
func targets(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(read(t, filepath.Join(root, "Makefile")), -1) {
		names = append(names, match[1])
	}
	if len(names) < 5 {
		t.Fatalf("the Makefile has only the targets %s", names)
	}
	return names
}

// makeTargets are the targets of a command line that calls make; variables (FOR=20s) are none.
func makeTargets(line string) []string {
	words := strings.Fields(line)
	at := slices.Index(words, "make")
	if at < 0 {
		return nil
	}
	var names []string
	for _, word := range words[at+1:] {
		if !regexp.MustCompile(`^[a-z-]+$`).MatchString(word) {
			if strings.Contains(word, "=") {
				continue
			}
			break
		}
		names = append(names, word)
	}
	return names
}

// sources is the text of all Go code that is no test.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, path := range files(t, ".go") {
		if !strings.HasSuffix(path, "_test.go") {
			all.WriteString(read(t, path))
		}
	}
	return all.String()
}

// files are those of the source tree whose names end so, without what builds and local runs leave in it.
func files(t *testing.T, endings ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{".git", ".vcrelay", "bin", "coverage", "node_modules"}, entry.Name()) {
			return filepath.SkipDir
		}
		if !entry.IsDir() && slices.Contains(endings, filepath.Ext(path)) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
