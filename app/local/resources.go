package local

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// documentSeparator is where daprd cuts a resource file (pkg/internal/loader/disk/manifest.go).
const documentSeparator = "\n---"

// resourceFiles lists what daprd reads of a folder: YAML files directly in it.
func resourceFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	var files []string
	for _, item := range entries {
		extension := strings.ToLower(filepath.Ext(item.Name()))
		if !item.IsDir() && (extension == ".yaml" || extension == ".yml") {
			files = append(files, item.Name())
		}
	}
	return files, nil
}

// pointResources replaces each resource folder that holds a component for the embedded broker by a copy. All others are
// read where they are, so that daprd's hot reload sees an edit.
func (s *Stack) pointResources(generated string) error {
	var copied []string
	for _, a := range s.apps {
		a.entry.ResourcesPaths = slices.Clone(a.resources)
		for i, dir := range a.resources {
			needs, err := needsBroker(dir)
			if err != nil {
				return err
			}
			if !needs {
				continue
			}
			n := slices.Index(copied, dir)
			if n < 0 {
				n, copied = len(copied), append(copied, dir)
			}
			target := filepath.Join(generated, strconv.Itoa(n))
			if err := copyResources(dir, target, s.broker.url()); err != nil {
				return err
			}
			a.entry.ResourcesPaths[i] = target
		}
	}
	return nil
}

// needsBroker reports whether a folder holds a JetStream component that points at this machine.
func needsBroker(dir string) (bool, error) {
	files, err := resourceFiles(dir)
	if err != nil {
		return false, err
	}
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(dir, name)) // #nosec G304 -- a folder of the run file
		if err != nil {
			return false, fmt.Errorf("read resource: %w", err)
		}
		if _, changed := pointAt(content, "nats://"+loopback); changed {
			return true, nil
		}
	}
	return false, nil
}

// copyResources writes the folder's files to target with each such component pointed at natsURL.
func copyResources(dir, target, natsURL string) error {
	files, err := resourceFiles(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(target, 0o700); err != nil {
		return fmt.Errorf("create resource folder: %w", err)
	}
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(dir, name)) // #nosec G304 -- as above
		if err != nil {
			return fmt.Errorf("read resource: %w", err)
		}
		rewritten, _ := pointAt(content, natsURL)
		if err := os.WriteFile(filepath.Join(target, name), rewritten, 0o600); err != nil { // no sidecar runs yet
			return fmt.Errorf("write resource: %w", err)
		}
	}
	return nil
}

// pointAt gives every loopback JetStream component the URL. Documents without one, and files that are no YAML, come back
// byte for byte: what is wrong with them is daprd's to say.
func pointAt(content []byte, natsURL string) ([]byte, bool) {
	documents := strings.Split(string(content), documentSeparator)
	changed := false
	for i, document := range documents {
		if rewritten, ok := pointDocument(document, natsURL, i > 0); ok {
			documents[i], changed = rewritten, true
		}
	}
	if !changed {
		return content, false
	}
	return []byte(strings.Join(documents, documentSeparator)), true
}

func pointDocument(document, natsURL string, separated bool) (string, bool) {
	head := ""
	if separated { // what follows `---` on its line
		end := strings.IndexByte(document, '\n') + 1
		head, document = document[:end], document[end:]
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(document), &root); err != nil || len(root.Content) == 0 {
		return "", false
	}
	address := loopbackAddress(root.Content[0])
	if address == nil {
		return "", false
	}
	address.Value, address.Style = natsURL, 0
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&root); err != nil {
		return "", false
	}
	if strings.HasSuffix(document, "\n") { // else the separator brings the line's end
		return head + out.String(), true
	}
	return head + strings.TrimSuffix(out.String(), "\n"), true
}

// loopbackAddress is the natsURL value of a JetStream component that points at this machine, or nil.
func loopbackAddress(component *yaml.Node) *yaml.Node {
	spec := entry(component, "spec")
	kind, brand, metadata := entry(component, "kind"), entry(spec, "type"), entry(spec, "metadata")
	if kind == nil || kind.Value != "Component" || brand == nil || !strings.EqualFold(brand.Value, "pubsub.jetstream") || metadata == nil {
		return nil
	}
	for _, item := range metadata.Content {
		name, value := entry(item, "name"), entry(item, "value")
		if name != nil && strings.EqualFold(name.Value, "natsURL") && value != nil && isLoopback(value.Value) {
			return value
		}
	}
	return nil
}

func entry(mapping *yaml.Node, name string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return dealias(mapping.Content[i+1])
		}
	}
	return nil
}

// isLoopback is true when every server of a NATS URL list is on this machine.
func isLoopback(list string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if !strings.Contains(one, "://") {
			one = "nats://" + one
		}
		parsed, err := url.Parse(one)
		if err != nil {
			return false
		}
		ip, err := netip.ParseAddr(parsed.Hostname())
		if parsed.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
			return false
		}
	}
	return list != ""
}

func dealias(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}
