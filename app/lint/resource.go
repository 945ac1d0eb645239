package lint

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// set is the resources of one sidecar.
type set struct {
	files         []string // in their order
	components    []*component
	subscriptions []resource
	policies      []resource // Resiliency
	others        []resource
}

// resource is one document of a file.
type resource struct {
	node   *yaml.Node
	file   string
	offset int  // lines before the document
	first  bool // of its file
}

// component is a resource of the kind Component.
type component struct {
	resource
	name, brand string // brand is the type, in small letters
	settings    []setting
}

// setting is an item of a component's metadata.
type setting struct {
	name  string
	value string
	plain bool // the value stands in the file, and is no reference to a secret or a variable
	at    mark
}

// mark is a line of a file.
type mark struct {
	file string
	line int
}

func (r *resource) mark(node *yaml.Node) mark { return mark{r.file, r.offset + node.Line} }

// at is the line of the value under a path, or of what is nearest to it.
func (r *resource) at(path ...string) mark {
	node := r.node
	line := node.Line
	for _, key := range path {
		next := entry(node, key)
		if next == nil {
			break
		}
		node, line = next, keyLine(node, key)
	}
	return mark{r.file, r.offset + line}
}

// text is the scalar under a path, "" where there is none.
func (r *resource) text(path ...string) string { return scalar(r.under(path...)) }

func (r *resource) under(path ...string) *yaml.Node {
	node := r.node
	for _, key := range path {
		node = entry(node, key)
	}
	return node
}

// list is the scalars of the sequence under a path.
func (r *resource) list(path ...string) []string {
	var texts []string
	if node := r.under(path...); node != nil && node.Kind == yaml.SequenceNode {
		for _, item := range node.Content {
			texts = append(texts, scalar(follow(item)))
		}
	}
	return texts
}

func (s *set) add(r resource) {
	switch version, kind := r.text("apiVersion"), r.text("kind"); {
	case kind == "Component" && version == "dapr.io/v1alpha1":
		s.components = append(s.components, newComponent(r))
	case kind == "Subscription" && (version == "dapr.io/v1alpha1" || version == "dapr.io/v2alpha1"):
		s.subscriptions = append(s.subscriptions, r)
	case kind == "Resiliency" && version == "dapr.io/v1alpha1":
		s.policies = append(s.policies, r)
	default:
		s.others = append(s.others, r)
	}
}

func newComponent(r resource) *component {
	c := &component{resource: r, name: r.text("metadata", "name"), brand: strings.ToLower(r.text("spec", "type"))}
	if items := r.under("spec", "metadata"); items != nil && items.Kind == yaml.SequenceNode {
		for _, item := range items.Content {
			if item = follow(item); scalar(entry(item, "name")) != "" {
				value := entry(item, "value")
				c.settings = append(c.settings, setting{
					name: scalar(entry(item, "name")), value: scalar(value), plain: value != nil && value.Kind == yaml.ScalarNode,
					at: r.settingAt(item),
				})
			}
		}
	}
	return c
}

// settingAt is the line of a setting's value, where there is one.
func (r *resource) settingAt(item *yaml.Node) mark {
	if value := entry(item, "value"); value != nil {
		return mark{r.file, r.offset + keyLine(item, "value")}
	}
	return r.mark(item)
}

// find returns the named component, nil where there is none.
func (s *set) find(name string) *component {
	for _, c := range s.components {
		if c.name == name {
			return c
		}
	}
	return nil
}

func entry(node *yaml.Node, key string) *yaml.Node {
	if node = follow(node); node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return follow(node.Content[i+1])
		}
	}
	return nil
}

func keyLine(node *yaml.Node, key string) int {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i].Line
		}
	}
	return node.Line
}

func follow(node *yaml.Node) *yaml.Node {
	for node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func scalar(node *yaml.Node) string {
	if node == nil || node.Kind != yaml.ScalarNode || node.ShortTag() == "!!null" {
		return ""
	}
	return node.Value
}
