package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/local/runfile"
)

// runFile is a run file beside the folders components/nats and components/kafka.
func runFile(t *testing.T) *runfile.File {
	t.Helper()
	dir := t.TempDir()
	for path, content := range map[string]string{
		"components/nats/pubsub.yaml":  "",
		"components/kafka/pubsub.yaml": "",
		"components/config.yaml":       "",
		"components/empty/README.md":   "",
		"functions/echo.yaml":          "",
		"dapr.yaml":                    "version: 1\ncommon:\n  resourcesPaths: [components/nats, functions]\napps:\n  - {appID: one, appDirPath: .}\n  - {appID: two, appDirPath: ., resourcesPaths: [components/nats, functions]}\n",
	} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := runfile.Read(filepath.Join(dir, "dapr.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestABackendTakesThePlaceOfThatOfTheRunFileForEachApp(t *testing.T) {
	for name, want := range map[string]string{"": "nats", "nats": "nats", "kafka": "kafka"} {
		file := runFile(t)
		if err := useBackend(file, name); err != nil {
			t.Fatal(err)
		}
		for _, app := range file.Apps {
			got := strings.Join(app.ResourcesPaths, " ")
			if wanted := filepath.Join(file.Dir(), "components", want) + " " + filepath.Join(file.Dir(), "functions"); got != wanted {
				t.Errorf("%q gives %s the resources %s, want %s", name, app.ID, got, wanted)
			}
		}
	}
}

func TestABackendThatIsNoneIsRefusedWithThoseThereAre(t *testing.T) {
	for _, name := range []string{"oracle", "empty", "config.yaml", "../functions", "nats/", "."} {
		err := useBackend(runFile(t), name)
		if err == nil || !strings.Contains(err.Error(), "there are kafka, nats") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheInMemoryComponentsAreRefusedWithTheReason(t *testing.T) {
	for _, name := range []string{"inmemory", "in-memory"} {
		if err := useBackend(runFile(t), name); !errors.Is(err, errNoSharing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARunFileThatHasNoBackendToReplaceIsSaid(t *testing.T) {
	file := runFile(t)
	for i := range file.Apps {
		file.Apps[i].ResourcesPaths = nil
	}
	if err := useBackend(file, "kafka"); err == nil || !strings.Contains(err.Error(), "nothing to replace") {
		t.Errorf("kafka would not be used, and the error is %v", err)
	}
}
