package docs_test

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/cli"
)

// called finds `vcrelay <arguments>` where a command stands: first on a line, after variables, or after `--`, `&&`, `|`.
var called = regexp.MustCompile(`(?:^|(?:--|&&|\|)\s+)(?:[A-Z_]+=\S+\s+)*(?:\./)?(?:bin/)?vcrelay\s+([a-z-][^#&|;<>]*)`)

// Each command line that a document shows is given to the real command line, with --help, so that it is parsed and not run.
func TestEveryVcrelayCommandInTheDocumentsExists(t *testing.T) {
	checked := 0
	for _, doc := range documents(t) {
		for _, line := range doc.commands {
			match := called.FindStringSubmatch(line)
			if match == nil {
				continue
			}
			checked++
			if err := parseOnly(t, strings.Fields(match[1])); err != nil {
				t.Errorf("%s: `%s`: %s", doc.path, line, err)
			}
		}
	}
	if checked < 3 {
		t.Errorf("only %d commands were found in the documents", checked)
	}
}

func TestACommandOrFlagThatDoesNotExistIsFound(t *testing.T) {
	for _, line := range []string{"nonsense", "up --nonsense", "up --for soon"} {
		if parseOnly(t, strings.Fields(line)) == nil {
			t.Errorf("`vcrelay %s` passes as a command", line)
		}
	}
}

// parseOnly keeps the help itself off the test's output.
func parseOnly(t *testing.T, args []string) error {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	drained := make(chan struct{})
	go func() { defer close(drained); _, _ = io.Copy(io.Discard, reader) }()
	output := os.Stdout
	os.Stdout = writer
	err = cli.New("test", cli.Actions{}).Run(t.Context(), append(args, "--help"))
	os.Stdout = output
	_ = writer.Close()
	<-drained
	_ = reader.Close()
	return err
}
