package runfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/local/runfile"
)

// readRun writes a dapr.yaml beside a few folders and reads it.
func readRun(t *testing.T, content string) (*runfile.File, string, error) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "dapr.yaml"), content)
	write(t, filepath.Join(dir, "res", "a.yaml"), "")
	write(t, filepath.Join(dir, "cfg.yaml"), "")
	write(t, filepath.Join(dir, "sub", "own", "a.yaml"), "")
	write(t, filepath.Join(dir, "auto", ".dapr", "resources", "a.yaml"), "")
	write(t, filepath.Join(dir, "auto", ".dapr", "config.yaml"), "")
	file, err := runfile.Read(filepath.Join(dir, "dapr.yaml"))
	return file, dir, err
}

func TestRunFileIsReadAsTheStockCLIDoes(t *testing.T) {
	t.Parallel()
	file, dir, err := readRun(t, `
version: 1
name: demo
common:
  resourcesPaths: [./res]
  configFilePath: cfg.yaml
  logLevel: info
  env: {A: common, B: common, N: 7, T: true}
  schedulerHostAddress: elsewhere
apps:
- appDirPath: sub
  appPort: 8080
  schedulerHostAddress: ""
  resourcesPaths: [own]
  env: {B: app}
  command: ["./app", "x y", ""]
  enableAppHealthCheck: true
- appDirPath: ./auto
  appID: second
  logLevel: debug
  daprHTTPPort: -1
`)
	if err != nil {
		t.Fatal(err)
	}
	one, two := file.Apps[0], file.Apps[1]
	for _, check := range []struct{ got, want any }{
		{file.Name, "demo"},
		{one.ID, "sub"},
		{one.Dir, filepath.Join(dir, "sub")},
		{one.Port, 8080},
		{one.ResourcesPaths, []string{filepath.Join(dir, "sub", "own")}},
		{one.ConfigFile, filepath.Join(dir, "cfg.yaml")},
		{one.Command, []string{"./app", "x y", ""}},
		{one.Env, map[string]string{"A": "common", "B": "app", "N": "7", "T": "true"}},
		{one.LogLevel, "info"},
		{*one.SchedulerAddress, ""},
		{one.HealthCheck, true},
		{one.Protocol, "http"},
		{two.ID, "second"},
		{*two.SchedulerAddress, "elsewhere:50006"},
		{*two.PlacementAddress, ""},
		{two.ResourcesPaths, []string{filepath.Join(dir, "auto", ".dapr", "resources")}},
		{two.ConfigFile, filepath.Join(dir, "auto", ".dapr", "config.yaml")},
		{two.LogLevel, "debug"},
		{two.HTTPPort, 0},
		{two.Env["B"], "common"},
	} {
		if !reflect.DeepEqual(check.got, check.want) {
			t.Errorf("got %#v, want %#v", check.got, check.want)
		}
	}
}

func TestEachFaultOfARunFileIsReportedWithLineAndRemedy(t *testing.T) {
	t.Parallel()
	const good = "version: 1\napps:\n- appDirPath: .\n"
	for name, test := range map[string]struct {
		content string
		want    []string
	}{
		"misspelt key of an app":   {good + "  appPrt: 1\n", []string{"dapr.yaml:4: unknown key appPrt: did you mean appPort?"}},
		"misspelt key of common":   {"version: 1\ncommon:\n  logLevell: info\napps:\n- appDirPath: .\n", []string{"dapr.yaml:3: unknown key logLevell: did you mean logLevel?"}},
		"misspelt top key":         {good + "comon: {}\n", []string{"dapr.yaml:4: unknown key comon: did you mean common?"}},
		"key like no other":        {good + "  xyzzy: 1\n", []string{"dapr.yaml:4: unknown key xyzzy: remove it"}},
		"wrong capitals":           {good + "  appId: a\n", []string{"dapr.yaml:4: unknown key appId: did you mean appID?"}},
		"key of an app in common":  {"version: 1\ncommon:\n  appPort: 1\napps:\n- appDirPath: .\n", []string{"dapr.yaml:3: appPort belongs to each app"}},
		"key that is not honoured": {good + "  unixDomainSocket: /tmp\n", []string{"dapr.yaml:4: unixDomainSocket is not honoured here: "}},
		"missing path":             {good + "  resourcesPaths: [res, ress]\n", []string{"dapr.yaml:4: resourcesPaths: ress is not there"}},
		"missing folder":           {"version: 1\napps:\n- appDirPath: nowhere\n", []string{"dapr.yaml:3: appDirPath: nowhere is not there"}},
		"no folder":                {"version: 1\napps:\n- appID: a\n", []string{"dapr.yaml:3: appDirPath is missing"}},
		"wrong version":            {"version: 2\napps:\n- appDirPath: .\n", []string{"dapr.yaml:1: version 2 is not known: write `version: 1`"}},
		"no version":               {"apps:\n- appDirPath: .\n", []string{"dapr.yaml:1: version is missing"}},
		"no apps":                  {"version: 1\n", []string{"dapr.yaml:1: apps is missing"}},
		"empty":                    {"", []string{"dapr.yaml:1: the file is empty"}},
		"a word for a number":      {good + "  appPort: web\n", []string{"dapr.yaml:4: appPort wants a whole number, not `web`"}},
		"a port too high":          {good + "  appPort: 70000\n", []string{"dapr.yaml:4: appPort 70000 is no port"}},
		"a word for a flag":        {good + "  enableApiLogging: perhaps\n", []string{"dapr.yaml:4: enableApiLogging wants true or false"}},
		"a command in one word":    {good + "  command: ./app x\n", []string{"dapr.yaml:4: command wants a list"}},
		"an unknown protocol":      {good + "  appProtocol: htpp\n", []string{"dapr.yaml:4: appProtocol htpp is not known: write one of http, https"}},
		"an address that is none":  {good + "  apiListenAddresses: localhost\n", []string{`dapr.yaml:4: apiListenAddresses: "localhost" is no IP address`}},
		"a key given twice":        {good + "  appPort: 1\n  appPort: 2\n", []string{"dapr.yaml:5: appPort is given twice"}},
		"an app given twice":       {good + "  appID: a\n- appDirPath: .\n  appID: a\n", []string{"dapr.yaml:6: appID a of app a is also that of app a"}},
		"a port given twice":       {good + "  appID: a\n  appPort: 1\n- appDirPath: .\n  appID: b\n  daprHTTPPort: 1\n", []string{"dapr.yaml:8: port 1 of app b is also that of app a"}},
		"a second document":        {good + "---\nversion: 1\n", []string{"a second document is never read"}},
		"no YAML":                  {"version: 1\napps: [\n", []string{"dapr.yaml:2: "}},
		"a list for the file":      {"- a\n", []string{"dapr.yaml:1: the run file wants keys and values", "version is missing", "apps is missing"}},
		"a list for a section":     {good + "  env: [A, B]\n", []string{"dapr.yaml:4: env wants keys and values"}},
		"a list for a word":        {good + "  command: [./app, [x]]\n", []string{"dapr.yaml:4: command wants one value"}},
		"keys for apps":            {"version: 1\napps: {appDirPath: .}\n", []string{"dapr.yaml:2: apps wants a list: begin each app", "apps is missing"}},
		"an empty number":          {good + "  appPort: \"\"\n", []string{"dapr.yaml:4: appPort wants a whole number, not ``"}},
		"one of two on a line":     {"version: 1\napps: [{appDirPath: ., appID: one, appPort: many}]\n", []string{"dapr.yaml:2: appPort wants a whole number, not `many`"}},
		"an empty path":            {good + "  resourcesPaths: [res, \"\"]\n", []string{"dapr.yaml:4: resourcesPaths wants a path"}},
		"where logs go":            {good + "  appLogDestination: file\n", []string{"dapr.yaml:4: appLogDestination is not honoured here: each app writes to the console and to a file"}},
		"a profiled sidecar":       {"version: 1\ncommon:\n  enableProfiling: true\napps:\n- appDirPath: .\n", []string{"dapr.yaml:3: enableProfiling is not honoured here: "}},
		"behind two aliases":       {"version: 1\ncommon: &c\n  env: &e {A: [x]}\napps:\n- appDirPath: .\n  env: *e\n", []string{"dapr.yaml:3: A wants one value"}},
		"several at once": {"version: 3\ncommon:\n  colour: red\napps:\n- appDirPath: .\n  comand: [x]\n  configFilePath: none.yaml\n", []string{
			"dapr.yaml:1: version 3", "dapr.yaml:3: unknown key colour", "dapr.yaml:6: unknown key comand: did you mean command?", "dapr.yaml:7: configFilePath: none.yaml is not there",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := readRun(t, test.content)
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("%d faults, want %d:\n%v", len(lines), len(test.want), err)
			}
			for i, want := range test.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("fault %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

func TestAnchorsAndMergeKeysAreFollowed(t *testing.T) {
	t.Parallel()
	file, _, err := readRun(t, "version: 1\napps:\n- &a\n  appDirPath: .\n  appID: a\n  logLevel: debug\n- <<: *a\n  appDirPath: .\n  appID: b\n")
	if err != nil {
		t.Fatal(err)
	}
	if file.Apps[1].ID != "b" || file.Apps[1].LogLevel != "debug" {
		t.Errorf("merged: %+v", file.Apps[1])
	}
}

func FuzzReadNeverPanicsAndNamesALineForEachFault(f *testing.F) {
	f.Add("version: 1\napps:\n- appDirPath: .\n")
	f.Add("version: 1\napps: &a [*a]\ncommon: {<<: 1, env: [1]}\n")
	f.Add("- a")
	f.Add("common: &a {<<: *a}\nversion: 1\napps: [{<<: [*a, 1]}]\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content string) {
		path := filepath.Join(dir, "dapr.yaml")
		write(t, path, content)
		file, err := runfile.Read(path)
		if (file == nil) == (err == nil) {
			t.Errorf("file %v, error %v", file, err)
		}
		var fault *runfile.Fault
		if err != nil && (!errors.As(err, &fault) || fault.Line < 1) {
			t.Errorf("no fault with a line: %v", err)
		}
	})
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
