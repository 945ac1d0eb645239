package docs_test

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/vcrelay/vcrelay/app/local"
)

func TestTheStockDaprCLIKnowsEveryKeyOfTheRunFile(t *testing.T) {
	file, err := local.ReadRunFile(filepath.Join(root, "dapr.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Apps) == 0 {
		t.Error("dapr.yaml has no apps")
	}
}

func TestEveryYAMLFileParses(t *testing.T) {
	for _, path := range files(t, ".yaml", ".yml") {
		for _, node := range decode(t, path) {
			if node.Kind == 0 {
				t.Errorf("%s: an empty document", path)
			}
		}
	}
}

// Whatever names a kind is read by Kubernetes or by Dapr, which pass over an object without these in silence.
func TestEveryManifestHasAKindAVersionAndAName(t *testing.T) {
	for _, dir := range []string{"components", "deploy", "functions"} {
		for _, path := range files(t, ".yaml") {
			if relative, _ := filepath.Rel(root, path); !strings.HasPrefix(relative, dir+string(filepath.Separator)) {
				continue
			}
			for _, node := range decode(t, path) {
				checkManifest(t, path, node)
			}
		}
	}
}

func checkManifest(t *testing.T, path string, node yaml.Node) {
	t.Helper()
	var object struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct{ Name string }
	}
	if err := node.Decode(&object); err != nil {
		t.Errorf("%s: line %d: %s", path, node.Line, err)
		return
	}
	if object.APIVersion == "" || object.Kind == "" || object.Metadata.Name == "" {
		t.Errorf("%s: line %d: apiVersion, kind or metadata.name is missing", path, node.Line)
	}
}

func decode(t *testing.T, path string) []yaml.Node {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(read(t, path)))
	var nodes []yaml.Node
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return nodes
		}
		if err != nil {
			t.Errorf("%s: %s", path, err)
			return nodes
		}
		nodes = append(nodes, node)
	}
}
