package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/lint"
)

const (
	tableBegin = "<!-- table: rules -->\n"
	tableEnd   = "<!-- end -->"
)

func TestTheDocumentListsEveryRule(t *testing.T) {
	path := filepath.Join(root, "docs", "lint.md")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(content), tableBegin)
	_, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", path)
	}
	golden(t, path, before+tableBegin+table()+tableEnd+after)
}

func table() string {
	var out strings.Builder
	out.WriteString("| rule | severity | component | danger | remedy | source |\n|---|---|---|---|---|---|\n")
	rules := lint.Rules()
	for _, q := range lint.Questions() {
		q.Source += "; `--broker`"
		rules = append(rules, q.Rule)
	}
	for _, r := range rules {
		_, _ = fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | %s |\n", r.ID, r.Severity, strings.Join(r.Types, ", "), r.Danger, r.Remedy, r.Source)
	}
	return out.String()
}
