package docs_test

import (
	"errors"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/vcrelay/vcrelay/app/local/runfile"
)

func TestTheStockDaprCLIKnowsEveryKeyOfTheRunFile(t *testing.T) {
	file, err := runfile.Read(filepath.Join(root, "dapr.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Apps) == 0 {
		t.Error("dapr.yaml has no apps")
	}
}

func TestEveryYAMLFileParses(t *testing.T) {
	for _, path := range files(t, ".yaml", ".yml") {
		if filepath.Base(filepath.Dir(path)) == "faulty" { // so that a test sees what is said of them
			continue
		}
		for _, node := range decode(t, path) {
			if node.Kind == 0 {
				t.Errorf("%s: an empty document", path)
			}
		}
	}
}

// Whatever names a kind is read by Kubernetes or by Dapr, which pass over an object without these in silence. Docker reads
// other files.
func TestEveryManifestHasAKindAVersionAndAName(t *testing.T) {
	for _, dir := range []string{"components", "deploy", "functions"} {
		for _, path := range files(t, ".yaml") {
			relative, _ := filepath.Rel(root, path)
			if !strings.HasPrefix(relative, dir+string(filepath.Separator)) || filepath.Base(filepath.Dir(path)) == "compose" {
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

// The example for Kubernetes delivers as the local backend does, whose file says why each setting is so.
func TestTheExampleForKubernetesHasTheSettingsOfTheLocalBackend(t *testing.T) {
	want := settings(t, filepath.Join(root, "components", "nats", "pubsub.yaml"))
	got := settings(t, filepath.Join(root, "deploy", "kubernetes", "components.yaml"))
	delete(want, "natsURL")
	delete(got, "natsURL")
	if len(want) < 3 || !maps.Equal(got, want) {
		t.Errorf("deploy/kubernetes/components.yaml has %v, components/nats/pubsub.yaml has %v", got, want)
	}
}

// settings are those of the first component of a file.
func settings(t *testing.T, path string) map[string]string {
	t.Helper()
	var component struct {
		Spec struct {
			Metadata []struct{ Name, Value string }
		}
	}
	nodes := decode(t, path)
	if len(nodes) == 0 {
		t.Fatalf("%s is empty", path)
	}
	if err := nodes[0].Decode(&component); err != nil {
		t.Fatalf("%s: %s", path, err)
	}
	values := make(map[string]string)
	for _, pair := range component.Spec.Metadata {
		values[pair.Name] = pair.Value
	}
	return values
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
