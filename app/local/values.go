package local

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// setter reads one value into an app. It reports what is wrong with the value to the reader.
type setter = func(r *reader, name string, app *App, value *yaml.Node)

// scalar is the text of a value; ok is false for nothing, which inherits, and for what is no single value.
func (r *reader) scalar(name string, value *yaml.Node) (string, bool) {
	if value.Kind != yaml.ScalarNode {
		r.add(value.Line, "%s wants one value, not a list or keys", name)
		return "", false
	}
	return value.Value, value.Tag != "!!null" && value.Value != ""
}

func text(field func(*App) *string) setter {
	return func(r *reader, name string, app *App, value *yaml.Node) {
		if given, ok := r.scalar(name, value); ok {
			*field(app) = given
		}
	}
}

func number(field func(*App) *int) setter {
	return func(r *reader, name string, app *App, value *yaml.Node) {
		var given int
		if err := value.Decode(&given); err != nil {
			r.add(value.Line, "%s wants a whole number, not %q", name, value.Value)
		}
		if given != 0 {
			*field(app) = given
		}
	}
}

// port takes 0 and below as "any free one", like the stock CLI.
func port(field func(*App) *int) setter {
	return func(r *reader, name string, app *App, value *yaml.Node) {
		number(field)(r, name, app, value)
		if *field(app) > 65535 {
			r.add(value.Line, "%s %d is no port: write 1 to 65535", name, *field(app))
		}
		*field(app) = max(*field(app), 0)
	}
}

func flag(field func(*App) *bool) setter {
	return func(r *reader, name string, app *App, value *yaml.Node) {
		var given bool
		if err := value.Decode(&given); err != nil {
			r.add(value.Line, "%s wants true or false, not %q", name, value.Value)
		}
		*field(app) = *field(app) || given
	}
}

func oneOf(field func(*App) *string, allowed ...string) setter {
	return func(r *reader, name string, app *App, value *yaml.Node) {
		given, ok := r.scalar(name, value)
		switch {
		case !ok:
		case slices.Contains(allowed, given):
			*field(app) = given
		default:
			r.add(value.Line, "%s %s is not known: write one of %s", name, given, strings.Join(allowed, ", "))
		}
	}
}

func destination(field func(*App) *Destination) setter {
	return oneOf(func(a *App) *string { return (*string)(field(a)) }, string(Console), string(File), string(FileAndConsole))
}

// address sets the place of a control plane service; an explicit "" turns off what common has set.
func address(field func(*App) *string, defaultPort string) setter {
	return func(r *reader, name string, app *App, value *yaml.Node) {
		given, ok := r.scalar(name, value)
		if ok && !strings.Contains(given, ":") {
			given = net.JoinHostPort(given, defaultPort)
		}
		*field(app) = given
	}
}

func addresses(field func(*App) *string) setter {
	return func(r *reader, name string, app *App, value *yaml.Node) {
		given, ok := r.scalar(name, value)
		for one := range strings.SplitSeq(given, ",") {
			if ok && net.ParseIP(strings.Trim(strings.TrimSpace(one), "[]")) == nil {
				r.add(value.Line, "%s: %q is no IP address: write 127.0.0.1", name, one)
				return
			}
		}
		if ok {
			*field(app) = given
		}
	}
}

func words(field func(*App) *[]string) setter {
	return func(r *reader, name string, app *App, value *yaml.Node) {
		if value.Kind != yaml.SequenceNode {
			r.add(value.Line, "%s wants a list: write [\"./app\", \"argument\"]", name)
			return
		}
		for _, node := range value.Content {
			if word, ok := r.scalar(name, resolve(node)); ok || node.Style != 0 {
				*field(app) = append(*field(app), word)
			}
		}
	}
}

func onePath(field func(*App) *string) setter {
	return func(r *reader, name string, app *App, value *yaml.Node) {
		if _, ok := r.scalar(name, value); ok {
			*field(app) = r.path(name, value)
		}
	}
}

func resourcePaths(r *reader, name string, app *App, value *yaml.Node) {
	nodes := value.Content
	if value.Kind == yaml.ScalarNode && name == "resourcesPath" && value.Value != "" {
		nodes = []*yaml.Node{value}
	} else if value.Kind != yaml.SequenceNode {
		r.add(value.Line, "%s wants a list: write [./components]", name)
	}
	app.resourcesGiven = app.resourcesGiven || len(nodes) > 0
	for _, node := range nodes {
		app.ResourcesPaths = append(app.ResourcesPaths, r.path(name, resolve(node)))
	}
}

func environment(r *reader, name string, app *App, value *yaml.Node) {
	for _, p := range r.pairs(value, name) {
		given, _ := r.scalar(name+"."+p.key.Value, p.value)
		if p.value.Tag == "!!null" {
			given = ""
		}
		app.Env[p.key.Value] = given
	}
}

// path makes a path absolute and finds out whether it is there.
func (r *reader) path(name string, value *yaml.Node) string {
	given, ok := r.scalar(name, resolve(value))
	if !ok {
		r.add(value.Line, "%s wants a path", name)
		return r.dir
	}
	absolute := given
	if rest, home := strings.CutPrefix(given, "~/"); home {
		dir, _ := os.UserHomeDir()
		absolute = filepath.Join(dir, rest)
	} else if !filepath.IsAbs(given) {
		absolute = filepath.Join(r.dir, given)
	}
	if !exists(absolute) {
		r.add(value.Line, "%s: %s is not there (looked for %s)", name, given, absolute)
	}
	return absolute
}
