package lint_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/lint"
)

var update = flag.Bool("update", false, "write the golden files anew")

const root = "../.."

// findings lints folders, and fails the test when they cannot be read.
func findings(t *testing.T, folders ...string) []lint.Finding {
	t.Helper()
	found, err := lint.Folders(folders...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// written is a folder with one file of that text.
func written(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pubsub.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func lines(found []lint.Finding) string {
	var text strings.Builder
	for _, f := range found {
		text.WriteString(filepath.ToSlash(f.String()) + "\n")
	}
	return text.String()
}

// golden compares text with a file.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./app/lint -update writes it", err)
	}
	if string(want) != text {
		t.Errorf("%s has\n%s\nand it is now\n%s\ngo test ./app/lint -update accepts it", file, want, text)
	}
}

func TestEachRuleFindsItsDangerAndNothingElseIsFoundBesideNotes(t *testing.T) {
	for _, rule := range lint.Rules() {
		t.Run(rule.ID, func(t *testing.T) {
			dir := filepath.Join("testdata", "rules", rule.ID)
			found := findings(t, dir)
			if !slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Rule == rule.ID && f.Severity == rule.Severity }) {
				t.Errorf("it does not find what is in %s", dir)
			}
			for _, f := range found {
				if f.Rule != rule.ID && f.Severity != lint.Note {
					t.Errorf("beside it: %s", f)
				}
			}
			golden(t, filepath.Join(dir, "want.txt"), lines(found))
		})
	}
}

func TestEachRuleSaysWhatTheDangerIsWhatMendsItAndWhereItIsToldOf(t *testing.T) {
	var ids []string
	for _, rule := range lint.Rules() {
		for what, text := range map[string]string{"danger": rule.Danger, "remedy": rule.Remedy, "source": rule.Source} {
			if text == "" || strings.HasSuffix(text, ".") || strings.ContainsRune(text, '\n') {
				t.Errorf("%s: its %s is %q", rule.ID, what, text)
			}
		}
		if !slices.Contains([]lint.Severity{lint.Error, lint.Warning, lint.Note}, rule.Severity) {
			t.Errorf("%s: %q is no severity", rule.ID, rule.Severity)
		}
		ids = append(ids, rule.ID)
	}
	if compact := slices.Compact(slices.Clone(ids)); len(compact) != len(ids) {
		t.Errorf("a rule is there twice: %v", ids)
	}
	folders, err := os.ReadDir(filepath.Join("testdata", "rules"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !slices.Contains(ids, folder.Name()) {
			t.Errorf("testdata/rules/%s is of no rule", folder.Name())
		}
	}
}

// subfolders are the folders of a folder.
func subfolders(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, entry := range entries {
		if entry.IsDir() {
			dirs = append(dirs, filepath.Join(dir, entry.Name()))
		}
	}
	return dirs
}

// subscriptions are the folders of functions with resources.
func subscriptions(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(root, "functions", "*", "dapr"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no function has resources: %v", err)
	}
	return dirs
}

func TestEveryBackendThatIsShippedIsClean(t *testing.T) {
	backends := subfolders(t, filepath.Join(root, "components"))
	if len(backends) < 8 {
		t.Fatalf("only %v", backends)
	}
	for _, backend := range append(backends, filepath.Join(root, "deploy", "kubernetes")) {
		for _, f := range findings(t, backend) {
			if f.Severity != lint.Note {
				t.Error(f)
			}
		}
	}
}

// expected is what is found where a function stands beside a backend, and is right: on some brokers somebody has to listen to the dead
// letters, and who that is, is not ours to say; and what is scoped to the relay alone delivers to no function.
var expected = []string{"dead-letter-unread", "subscription-component"}

func TestEveryFunctionIsCleanBesideEveryBackend(t *testing.T) {
	functions := subscriptions(t)
	for _, backend := range subfolders(t, filepath.Join(root, "components")) {
		for _, f := range findings(t, append([]string{backend}, functions...)...) {
			if f.Severity != lint.Note && !slices.Contains(expected, f.Rule) {
				t.Error(f)
			}
		}
	}
}

func TestWhatIsFoundIsToldInTheOrderOfFoldersAndLines(t *testing.T) {
	found := findings(t, filepath.Join("testdata", "rules", "rabbitmq-limit"), filepath.Join("testdata", "rules", "state-scope"))
	var places []string
	for _, f := range found {
		places = append(places, filepath.Base(filepath.Dir(f.File))+" "+f.What)
	}
	want := []string{
		"rabbitmq-limit what the broker refuses after it was sent", "rabbitmq-limit a topic to which no queue is bound",
		"rabbitmq-limit maxLen is 1000", "rabbitmq-limit ttlInSeconds is 60", "state-scope state store checkpoints has no scopes",
	}
	if !slices.Equal(places, want) {
		t.Errorf("%q, want %q", places, want)
	}
	if n := lint.Count(found, lint.Error, lint.Warning); n != 3 {
		t.Errorf("%d errors and warnings, want 3", n)
	}
}

func TestTheLineIsThatOfTheFileAlsoBehindOtherDocuments(t *testing.T) {
	dir := written(t, strings.Join([]string{
		"# a comment alone", "---", "apiVersion: v1", "kind: Namespace", "metadata: {name: x}", "----- two: [", "",
		"apiVersion: dapr.io/v1alpha1", "kind: Component", "metadata: {name: events}", "spec:", "  type: pubsub.kafka", "  metadata:",
		"    - {name: version, value: 2.8.0}", "    - name: initialOffset", "      value: newest", "",
	}, "\n"))
	found := findings(t, dir)
	if len(found) != 1 || found[0].Line != 16 || found[0].Rule != "kafka-initial-offset" {
		t.Errorf("%s", lines(found))
	}
}

func TestAResiliencyThatASidecarDoesNotReadDoesNotCount(t *testing.T) {
	file := filepath.Join("testdata", "rules", "resiliency-first")
	var rules []string
	for _, f := range findings(t, file, filepath.Join(root, "functions", "echo", "dapr")) {
		rules = append(rules, f.Rule)
	}
	if want := []string{"resiliency-first", "dead-letter-first-failure"}; !slices.Equal(rules, want) {
		t.Errorf("%v, want %v", rules, want)
	}
}

func TestASecretIsNotRepeated(t *testing.T) {
	found := findings(t, filepath.Join("testdata", "rules", "plain-secret"))
	if text := lines(found); strings.Contains(text, "S3cr3t") || strings.Count(text, "plain-secret]") != 2 {
		t.Error(text)
	}
}

func TestAFolderThatCannotBeReadIsAnErrorThatNamesIt(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	empty := t.TempDir()
	broken := written(t, "kind: Component\n\n---\nname: [\n")
	for folder, want := range map[string]string{
		none: none, empty: "no YAML file directly in " + empty, broken: filepath.Join(broken, "pubsub.yaml") + ", document at line 3:",
	} {
		found, err := lint.Folders(folder, filepath.Join(root, "components", "nats"))
		if !errors.Is(err, lint.ErrUnreadable) || !strings.Contains(err.Error(), want) || found != nil {
			t.Errorf("%v %v, want %s", err, found, want)
		}
	}
}
