package local

import (
	"bytes"
	"fmt"
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

// pointResources replaces each resource folder that holds a component of a broker that is started here by a copy. All
// others are read where they are, so that daprd's hot reload sees an edit.
func (s *Stack) pointResources(generated string) error {
	addresses := make(map[*backend]string)
	for _, b := range s.brokers {
		addresses[b.backend] = b.address()
	}
	var copied []string
	for _, a := range s.apps {
		a.entry.ResourcesPaths = slices.Clone(a.resources)
		for i, dir := range a.resources {
			found, err := backendsOf(dir)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(s.brokers, func(b *broker) bool { return found[b.backend] != nil }) {
				continue
			}
			n := slices.Index(copied, dir)
			if n < 0 {
				n, copied = len(copied), append(copied, dir)
			}
			target := filepath.Join(generated, strconv.Itoa(n))
			if err := copyResources(dir, target, addresses); err != nil {
				return err
			}
			a.entry.ResourcesPaths[i] = target
		}
	}
	return nil
}

// backendsOf is what the components of a folder need on this machine, and the addresses by which they say so.
func backendsOf(dir string) (map[*backend][]string, error) {
	files, err := resourceFiles(dir)
	if err != nil {
		return nil, err
	}
	found := make(map[*backend][]string)
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(dir, name)) // #nosec G304 -- a folder of the run file
		if err != nil {
			return nil, fmt.Errorf("read resource: %w", err)
		}
		rewrite(content, func(r reference, value string) (string, bool) {
			found[r.backend] = append(found[r.backend], r.form.addresses(value, r.backend.port)...)
			return "", false
		})
	}
	return found, nil
}

// copyResources writes the folder's files to target, with each component of these backends pointed at its address.
func copyResources(dir, target string, addresses map[*backend]string) error {
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
		if err := os.WriteFile(filepath.Join(target, name), pointAt(content, addresses), 0o600); err != nil { // no sidecar runs yet
			return fmt.Errorf("write resource: %w", err)
		}
	}
	return nil
}

// pointAt gives each component that points at such a backend on this machine the backend's address.
func pointAt(content []byte, addresses map[*backend]string) []byte {
	return rewrite(content, func(r reference, value string) (string, bool) {
		address, known := addresses[r.backend]
		return r.form.pointAt(value, address), known
	})
}

// rewrite calls change with each place where a component points at a backend on this machine, and sets its answer. Documents
// without one, and files that are no YAML, come back byte for byte: what is wrong with them is daprd's to say.
func rewrite(content []byte, change func(r reference, value string) (string, bool)) []byte {
	documents := strings.Split(string(content), documentSeparator)
	changed := false
	for i, document := range documents {
		if rewritten, ok := rewriteDocument(document, i > 0, change); ok {
			documents[i], changed = rewritten, true
		}
	}
	if !changed {
		return content
	}
	return []byte(strings.Join(documents, documentSeparator))
}

func rewriteDocument(document string, separated bool, change func(reference, string) (string, bool)) (string, bool) {
	head := ""
	if separated { // what follows `---` on its line
		end := strings.IndexByte(document, '\n') + 1
		head, document = document[:end], document[end:]
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(document), &root); err != nil || len(root.Content) == 0 {
		return "", false
	}
	place, known := addressIn(root.Content[0])
	if place == nil {
		return "", false
	}
	value, ok := change(known, place.Value)
	if !ok {
		return "", false
	}
	place.Value, place.Style = value, 0
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

// addressIn is where a component says that its backend is on this machine, or nil.
func addressIn(component *yaml.Node) (*yaml.Node, reference) {
	spec := entry(component, "spec")
	kind, brand, metadata := entry(component, "kind"), entry(spec, "type"), entry(spec, "metadata")
	if kind == nil || kind.Value != "Component" || brand == nil || metadata == nil {
		return nil, reference{}
	}
	known, ok := references[strings.ToLower(brand.Value)]
	if !ok {
		return nil, reference{}
	}
	for _, item := range metadata.Content {
		name, value := entry(item, "name"), entry(item, "value")
		if name != nil && strings.EqualFold(name.Value, known.key) && value != nil && onThisMachine(known.form.addresses(value.Value, known.backend.port)) {
			return value, known
		}
	}
	return nil, reference{}
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

func dealias(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}
