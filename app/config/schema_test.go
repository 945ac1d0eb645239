package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/vcrelay/vcrelay/app/config"
)

// validator is a JSON Schema validator for the schema of the fleet file, which knows nothing of package config.
type validator struct{ schema *jsonschema.Schema }

func compile(t *testing.T) validator {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft4) // of a schema that does not say its own
	if err := compiler.AddResource("fleet.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("fleet.json")
	if err != nil {
		t.Fatal(err)
	}
	return validator{schema}
}

// opinion is what an editor with this schema says of a file.
func (v validator) opinion(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := instance(content)
	if err != nil {
		return "not asked, this is no YAML"
	}
	if v.schema.Validate(instance) != nil {
		return "refuses it"
	}
	return "is silent"
}

// instance is YAML as JSON has it: a time is a text, and so is each key.
func instance(content []byte) (any, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(content, &node); err != nil {
		return nil, err
	}
	for _, child := range node.Content {
		untag(child)
	}
	var value any
	err := node.Decode(&value)
	return value, err
}

func untag(node *yaml.Node) {
	if node.ShortTag() == "!!timestamp" {
		node.Tag = "!!str"
	}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && child.ShortTag() != "!!merge" {
			child.Tag = "!!str"
		}
		untag(child)
	}
}

func TestEachSampleOfAFleetFileIsAcceptedAndItsSchemaAgrees(t *testing.T) {
	compiled := compile(t)
	files, err := filepath.Glob("../../samples/fleet/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		offline := checks
		offline.Offline = true
		fleet, err := config.ReadFleet(file, defaults(t), offline)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if len(fleet.Warnings) > 0 {
			t.Errorf("%s warns: %s", file, fleet.Warnings)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if value, err := instance(content); err != nil || compiled.schema.Validate(value) != nil {
			t.Errorf("%s: %v, schema: %v", file, err, compiled.schema.Validate(value))
		}
		modeline := "# yaml-language-server: $schema=../../docs/fleet.schema.json\n"
		if !strings.Contains(string(content), modeline) {
			t.Errorf("%s lacks %s", file, modeline)
		}
	}
}

func TestTheSchemaTakesEveryKeyThatTheFileMayHave(t *testing.T) {
	compiled := compile(t)
	value, err := instance([]byte(complete))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.schema.Validate(value); err != nil {
		t.Error(err)
	}
	properties := compiled.schema.Properties
	for section, keys := range map[string]*jsonschema.Schema{
		"vcenters": properties["vcenters"].Items2020, "routes": properties["routes"].Items2020,
	} {
		for key, schema := range keys.Properties {
			if !strings.Contains(complete, " "+key+":") && key != "mode" { // of a binding
				t.Errorf("the complete file of this test lacks %s of %s", key, section)
			}
			if schema.Description == "" {
				t.Errorf("%s of %s has no description", key, section)
			}
		}
	}
}
