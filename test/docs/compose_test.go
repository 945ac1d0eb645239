package docs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// compose is what matters here of deploy/compose/compose.yaml.
type compose struct {
	Services map[string]struct {
		Profiles    []string
		Image       string
		Ports       []string
		Command     []string
		Environment map[string]string
	}
	Configs map[string]struct{ Content string }
}

func readCompose(t *testing.T) (c compose) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "deploy", "compose", "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEachBackendOfTheComposeFileListensWhereItsFolderSays(t *testing.T) {
	seen := make(map[string][]string) // ports by profile
	for name, service := range readCompose(t).Services {
		if len(service.Profiles) == 0 || !strings.Contains(service.Image, ":") {
			t.Errorf("%s has no profile or no version", name)
		}
		for _, port := range service.Ports {
			outer, isLoopback := strings.CutPrefix(port, "127.0.0.1:")
			if !isLoopback {
				t.Errorf("%s listens on %s, not on loopback", name, port)
			}
			for _, profile := range service.Profiles {
				seen[profile] = append(seen[profile], outer[:strings.Index(outer, ":")])
			}
		}
	}
	for _, backend := range []string{"nats", "kafka", "redis", "rabbitmq", "mqtt", "postgres"} {
		if len(seen[backend]) == 0 {
			t.Errorf("no broker for %s", backend)
		}
		text := folder(t, filepath.Join(root, "components", backend))
		for _, port := range seen[backend] {
			if !strings.Contains(text, "127.0.0.1:"+port) && !strings.Contains(text, "host=127.0.0.1 port="+port+" ") {
				t.Errorf("%s listens on %s, which components/%s does not name", backend, port, backend)
			}
		}
	}
}

// The scripts are certified; the containers are to keep the same.
func TestTheComposeFileHasTheSettingsOfTheScripts(t *testing.T) {
	c := readCompose(t)
	script := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, "test", "backends", "brokers", name+".sh"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	mosquitto := script("mosquitto")
	for line := range strings.Lines(c.Configs["mosquitto"].Content) {
		if setting := strings.TrimSpace(line); !strings.HasPrefix(setting, "listener") && !strings.HasPrefix(setting, "persistence_location") &&
			!strings.Contains(mosquitto, setting+"\n") {
			t.Errorf("mosquitto.sh has no %q", setting)
		}
	}
	redis := strings.ReplaceAll(script("redis"), "''", "")
	if command := c.Services["redis"].Command; !strings.Contains(redis, strings.Join(command[1:5], " ")) || !slices.Contains(command, "noeviction") {
		t.Errorf("redis.sh has other settings than %q", command)
	}
	kafka := script("kafka")
	for name, value := range c.Services["kafka"].Environment {
		setting := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "KAFKA_")), "_", ".") + "="
		if strings.Contains(kafka, setting) && !strings.ContainsAny(value, ":/") && !strings.Contains(kafka, setting+value+"\n") {
			t.Errorf("kafka.sh has another %s than %s", setting, value)
		}
	}
}

// folder is the text of all files of a folder.
func folder(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	for _, path := range files(t, ".yaml") {
		if filepath.Dir(path) != dir {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
