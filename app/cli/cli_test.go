package cli_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/cli"
	"github.com/vcrelay/vcrelay/app/config"
	"github.com/vcrelay/vcrelay/functions"
)

var update = flag.Bool("update", false, "write the golden files anew")

// commands is every command that a person can call, "" being the program itself.
var commands = []string{"", "run", "up", "vcsim", "probe", "function", "function list", "lint", "component", "component eventbridge", "version"}

// call is what one of the actions was called with.
type call struct {
	command  string
	up       cli.Up
	vcsim    config.Vcsim
	probe    cli.Probe
	function string
	lint     cli.Lint
}

// run runs the command line with actions that only remember, and returns what it printed.
func run(t *testing.T, args ...string) (call, string, error) {
	t.Helper()
	var got call
	remember := func(command string) error { got.command = command; return nil } //nolint:unparam // is what actions return
	line := cli.New("v1.2.3", cli.Actions{
		Run:      func(context.Context) error { return remember("run") },
		Up:       func(_ context.Context, options cli.Up) error { got.up = options; return remember("up") },
		Vcsim:    func(_ context.Context, settings config.Vcsim) error { got.vcsim = settings; return remember("vcsim") },
		Probe:    func(_ context.Context, options cli.Probe) error { got.probe = options; return remember("probe") },
		Function: func(_ context.Context, name string) error { got.function = name; return remember("function") },
		Lint:     func(_ context.Context, options cli.Lint) error { got.lint = options; return remember("lint") },

		EventBridge: func(context.Context) error { return remember("component eventbridge") },
	})
	var err error
	printed := capture(t, func() { err = line.Run(t.Context(), args) })
	return got, printed, err
}

// capture returns what is written to standard output meanwhile: cobra takes the stream when it prints.
func capture(t *testing.T, work func()) string {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdout
	os.Stdout = writer
	all := make(chan string)
	go func() { text, _ := io.ReadAll(reader); all <- string(text) }()
	work()
	os.Stdout = before
	_ = writer.Close()
	return <-all
}

func TestTheHelpOfEachCommandIsAsTheGoldenFileHasIt(t *testing.T) {
	for _, command := range commands {
		t.Run(strings.ReplaceAll("vcrelay "+command, " ", "-"), func(t *testing.T) {
			_, printed, err := run(t, append(strings.Fields(command), "--help")...)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", strings.Join(append([]string{"vcrelay"}, strings.Fields(command)...), "-")+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(printed), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden) //nolint:gosec // of this folder
			if err != nil {
				t.Fatalf("%v; go test ./app/cli -update writes it", err)
			}
			if !bytes.Equal(want, []byte(printed)) {
				t.Errorf("the help has changed; go test ./app/cli -update accepts it:\n%s", printed)
			}
		})
	}
}

func TestEachCommandIsListedAndSaysWhatItDoes(t *testing.T) {
	_, whole, _ := run(t, "--help")
	for _, command := range commands[1:] {
		_, help, err := run(t, append(strings.Fields(command), "--help")...)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(help, "\n")
		if len(strings.Fields(first)) < 3 {
			t.Errorf("%s: its help begins with %q", command, first)
		}
		if !strings.Contains(command, " ") && !strings.Contains(whole, "\n  "+command+" ") {
			t.Errorf("%s is not listed", command)
		}
		if needsMore := slices.Contains([]string{"run", "up", "vcsim", "probe", "function", "lint"}, command); needsMore &&
			(!strings.Contains(help, "Examples:") || strings.Count(help, "\n") < 10) {
			t.Errorf("%s: no example, or too little to read:\n%s", command, help)
		}
	}
	for line := range strings.Lines(whole) {
		if len(strings.TrimRight(line, "\n")) > 120 {
			t.Errorf("a line is too long: %s", line)
		}
	}
}

func TestTheHelpOfTheSimulatorShowsNoPasswordOfTheEnvironment(t *testing.T) {
	t.Setenv("VCRELAY_VCSIM_PASSWORD", "S3cr3t")
	if _, help, err := run(t, "vcsim", "--help"); err != nil || strings.Contains(help, "S3cr3t") {
		t.Errorf("%v\n%s", err, help)
	}
	if got, _, err := run(t, "vcsim"); err != nil || got.vcsim.Password.Reveal() != "S3cr3t" {
		t.Errorf("and it is not used: %v", err)
	}
}

func TestWhatCannotBeUnderstoodIsAUsageErrorOfOneLineThatSaysWhereToLook(t *testing.T) {
	for line, want := range map[string]string{
		"nope":             `unknown command "nope" for "vcrelay"; see`,
		"rum":              "(did you mean run or up?); see `vcrelay --help`",
		"--nope":           "unknown flag: --nope; see `vcrelay --help`",
		"run --nope":       "unknown flag: --nope; see `vcrelay run --help`",
		"run now":          "see `vcrelay run --help`",
		"up --for soon":    "see `vcrelay up --help`",
		"up dapr.yaml":     "see `vcrelay up --help`",
		"vcsim --vms many": "see `vcrelay vcsim --help`",
		"probe now":        "see `vcrelay probe --help`",
		"probe --watch x":  "see `vcrelay probe --help`",
		"function":         "see `vcrelay function --help`",
		"function a b":     "see `vcrelay function --help`",
		"function list x":  "see `vcrelay function list --help`",
		"lint":             "name a folder of resources, e.g. components/nats; see `vcrelay lint --help`",
		"lint --jsn a":     "see `vcrelay lint --help`",
		"version x":        "see `vcrelay version --help`",
	} {
		got, _, err := run(t, strings.Fields(line)...)
		if !errors.Is(err, cli.ErrUsage) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", line, err)
		}
		if got.command != "" {
			t.Errorf("%s: and yet %s was run", line, got.command)
		}
	}
}

func TestAFaultOfAnActionIsNoUsageError(t *testing.T) {
	wrong := errors.New("wrong")
	line := cli.New("v1.2.3", cli.Actions{Run: func(context.Context) error { return wrong }})
	if err := line.Run(t.Context(), []string{"run"}); !errors.Is(err, wrong) || errors.Is(err, cli.ErrUsage) {
		t.Errorf("%v", err)
	}
}

func TestFlagsReachTheAction(t *testing.T) {
	got, _, err := run(t, "up", "-f", "other.yaml", "--dir", "data", "--for", "20s")
	if want := (cli.Up{File: "other.yaml", Dir: "data", For: 20 * time.Second}); err != nil || got.up != want {
		t.Errorf("%+v %v, want %+v", got.up, err, want)
	}
	t.Setenv("VCRELAY_VCSIM_RATE", "5")
	t.Setenv("VCRELAY_VCSIM_HISTORY", "7")
	got, _, err = run(t, "vcsim", "--rate", "6", "--password", `S3cr3t$&\@"'`)
	if err != nil || got.vcsim.Rate != 6 || got.vcsim.History != 7 || got.vcsim.Password.Reveal() != `S3cr3t$&\@"'` {
		t.Errorf("%+v %v: a flag wins over its variable, which wins over the default", got.vcsim, err)
	}
	got, _, err = run(t, "probe", "--out", "x.zip", "--watch", "0", "--pages", "3")
	if want := (cli.Probe{Out: "x.zip", Pages: 3}); err != nil || got.probe != want {
		t.Errorf("%+v %v, want %+v", got.probe, err, want)
	}
	got, _, err = run(t, "lint", "--strict", "a", "b", "--json", "--broker")
	if want := (cli.Lint{Folders: []string{"a", "b"}, Strict: true, JSON: true, Broker: true}); err != nil || !reflect.DeepEqual(got.lint, want) {
		t.Errorf("%+v %v, want %+v", got.lint, err, want)
	}
	if got, _, err = run(t, "function", "echo"); err != nil || got.function != "echo" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestAFaultyVariableOfTheSimulatorStopsTheSimulatorOnly(t *testing.T) {
	t.Setenv("VCRELAY_VCSIM_RATE", "fast")
	var faults config.Faults
	if got, _, err := run(t, "vcsim"); !errors.As(err, &faults) || got.command != "" {
		t.Errorf("vcsim: %v", err)
	}
	if got, _, err := run(t, "run"); err != nil || got.command != "run" {
		t.Errorf("run: %v", err)
	}
}

func TestFunctionListShowsEveryFunctionWithItsSummary(t *testing.T) {
	_, printed, err := run(t, "function", "list")
	if err != nil {
		t.Fatal(err)
	}
	for _, function := range functions.All() {
		if !strings.Contains(printed, function.Name+"  "+function.Summary+"\n") {
			t.Errorf("%s is not in:\n%s", function.Name, printed)
		}
	}
}

func TestTheVersionIsThatOfTheBuild(t *testing.T) {
	if _, printed, err := run(t, "version"); err != nil || !strings.HasPrefix(printed, "vcrelay v1.2.3 ") {
		t.Errorf("%q %v", printed, err)
	}
	if _, printed, err := run(t, "--version"); err != nil || !strings.Contains(printed, "v1.2.3") {
		t.Errorf("%q %v", printed, err)
	}
}
