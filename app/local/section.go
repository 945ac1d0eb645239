package local

import (
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// readApp reads one entry of `apps`: what it says itself, then the files in its folder, then what is common.
func (r *reader) readApp(node *yaml.Node, common *App) App {
	app := common.inherit()
	app.line = node.Line
	above := r.dir
	defer func() { r.dir = above }()

	app.Dir = r.appDir(node)
	r.dir = app.Dir
	r.readSection(node, inApp, &app)
	if app.ID == "" {
		app.ID = filepath.Base(app.Dir)
	}
	r.fillPaths(&app, common)
	return app
}

// appDir is read before all other keys of the app, whose paths are relative to it.
func (r *reader) appDir(node *yaml.Node) string {
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == "appDirPath" {
			return r.path("appDirPath", node.Content[i+1])
		}
	}
	r.add(node.Line, "appDirPath is missing: write the app's folder, `appDirPath: .` for that of this file")
	return r.dir
}

// fillPaths follows the stock CLI's order: the app's own, those in `.dapr` of its folder, the common ones. The last
// step of the stock CLI, the defaults of `dapr init`, is left out: what runs must not depend on what is installed.
func (r *reader) fillPaths(app, common *App) {
	if len(app.ResourcesPaths) == 0 && !app.resourcesGiven {
		app.ResourcesPaths = common.ResourcesPaths
		if own := filepath.Join(app.Dir, ".dapr", "resources"); exists(own) {
			app.ResourcesPaths = []string{own}
		}
	}
	if app.ConfigFile == "" {
		app.ConfigFile = common.ConfigFile
		if own := filepath.Join(app.Dir, ".dapr", "config.yaml"); exists(own) {
			app.ConfigFile = own
		}
	}
}

// readSection applies each key of a mapping to app.
func (r *reader) readSection(node *yaml.Node, in section, app *App) {
	for _, p := range r.pairs(node, in.String()) {
		name := p.key.Value
		known, ok := knownKeys[name]
		switch {
		case ok && known.in&in == 0:
			r.add(p.key.Line, "%s belongs to each app, not to common: move it under `apps`", name)
		case ok:
			known.set(r, name, app, p.value)
		case refusedKeys[name] != "":
			r.add(p.key.Line, "%s is not honoured here: %s", name, refusedKeys[name])
		default:
			r.unknown(p.key, namesOf(in))
		}
	}
}

// pair is one key of a mapping and its value, aliases resolved.
type pair struct{ key, value *yaml.Node }

// mostMerges bounds the merge keys of a file: an anchor can merge itself, any number of times.
const mostMerges = 1000

// pairs lists a mapping, merge keys (`<<`) included; a key of the mapping itself wins over a merged one.
func (r *reader) pairs(node *yaml.Node, what string) []pair {
	return r.merge(resolve(node), what)
}

func (r *reader) merge(node *yaml.Node, what string) []pair {
	if node.Tag == "!!null" {
		return nil
	}
	r.merges++
	if node.Kind != yaml.MappingNode || r.merges > mostMerges {
		r.add(node.Line, "%s wants keys and values", what)
		return nil
	}
	var own, merged []pair
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], resolve(node.Content[i+1])
		switch {
		case key.Tag == "!!merge" && value.Kind == yaml.SequenceNode:
			for _, one := range value.Content {
				merged = append(merged, r.merge(resolve(one), what)...)
			}
		case key.Tag == "!!merge":
			merged = append(merged, r.merge(value, what)...)
		case seen[key.Value]:
			r.add(key.Line, "%s is given twice in %s: keep one", key.Value, what)
		default:
			seen[key.Value] = true
			own = append(own, pair{key, value})
		}
	}
	for _, p := range merged {
		if !seen[p.key.Value] {
			seen[p.key.Value] = true
			own = append(own, p)
		}
	}
	return own
}

// unknown names the nearest key, since almost every unknown key is a misspelt one.
func (r *reader) unknown(key *yaml.Node, known []string) {
	if near := nearest(key.Value, known); near != "" {
		r.add(key.Line, "unknown key %s: did you mean %s?", key.Value, near)
		return
	}
	r.add(key.Line, "unknown key %s: remove it", key.Value)
}

func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
