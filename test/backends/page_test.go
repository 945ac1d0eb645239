package backends_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/test/backends"
)

var update = flag.Bool("update", false, "take over the results in bin/certify, and write docs/backends.md anew")

const (
	fresh   = "../../bin/certify"
	results = "results"
	thePage = "../../docs/backends.md"
)

func TestThePageOfBackendsIsMadeOfTheResults(t *testing.T) {
	if *update {
		takeOver(t)
	}
	all, err := backends.ReadResults(results)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d results: %v", len(all), err)
	}
	want, err := backends.Page(all)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(thePage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(thePage); err != nil || string(got) != want {
		t.Errorf("docs/backends.md is out of date: `make backends-doc` writes it anew: %v", err)
	}
}

// takeOver copies what has been certified on this machine.
func takeOver(t *testing.T) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(fresh, "*.json"))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		kept := filepath.Join(results, filepath.Base(path))
		if isShort(t, path) && !isShort(t, kept) {
			t.Logf("%s is of the long form and stays: remove it to have the short one", kept)
			continue
		}
		if err := os.WriteFile(kept, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// isShort tells whether a result is of the short form; one that is not there is.
func isShort(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	var r backends.Result
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r.Short
}

func TestThePageSaysWhatWasNotRunAndWhatFailed(t *testing.T) {
	again := 1.5
	text, err := backends.Page([]backends.Result{{
		Backend: "redis", Date: "2026-11-21", Phases: []backends.Phase{{Name: "quiet", Created: 12_345, Delivered: 12_344, Lost: 1, Again: &again}},
		Failures: []string{"quiet: 1 of 12345 events are lost"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| 12,345", "**Not as promised:** quiet: 1 of 12345", "NATS JetStream (`nats`): it can be certified", "`pulsar`): no package"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "(`redis`):") {
		t.Error("the page says that redis was not run")
	}
}

func TestEachBackendIsAFolderOrSaysWhyItIsNotRun(t *testing.T) {
	for _, b := range backends.All() {
		if b.NotRun == "" && len(b.Brokers) == 0 {
			t.Errorf("%s: neither a broker nor a reason", b.Name)
		}
	}
}
