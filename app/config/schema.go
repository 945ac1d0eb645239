package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// schema is the part of JSON Schema (draft 2020-12) that a fleet file takes.
type schema struct {
	Dialect     string            `json:"$schema,omitempty"`
	ID          string            `json:"$id,omitempty"`
	Title       string            `json:"title,omitempty"`
	About       string            `json:"description,omitempty"`
	Type        any               `json:"type,omitempty"`
	Properties  properties        `json:"properties,omitempty"`
	Extra       map[string]schema `json:"patternProperties,omitempty"`
	Others      *bool             `json:"additionalProperties,omitempty"`
	Required    []string          `json:"required,omitempty"`
	Items       *schema           `json:"items,omitempty"`
	LeastItems  int               `json:"minItems,omitempty"`
	UniqueItems bool              `json:"uniqueItems,omitempty"`
	LeastKeys   int               `json:"minProperties,omitempty"`
	Only        []string          `json:"enum,omitempty"`
	Pattern     string            `json:"pattern,omitempty"`
	LeastLength int               `json:"minLength,omitempty"`
	Any         json.RawMessage   `json:"anyOf,omitempty"`
	All         json.RawMessage   `json:"allOf,omitempty"`
}

// properties keep the order of the struct that they are made from.
type properties []property

type property struct {
	key   string
	value schema
}

// MarshalJSON writes an object.
func (p properties) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, property := range p {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(marshal(property.key))
		out.WriteByte(':')
		out.Write(marshal(property.value))
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// Schema is the JSON Schema of the fleet file: docs/fleet.schema.json. Read says more than it can: references between
// vCenters and routes, and what is in other files.
func Schema() []byte {
	top := object(&fleetSection{})
	top.Dialect = "https://json-schema.org/draft/2020-12/schema"
	top.ID = "https://raw.githubusercontent.com/vcrelay/vcrelay/main/docs/fleet.schema.json"
	top.Title = "vcrelay fleet file"
	top.About = "Several vCenters and routes for `vcrelay run`, named by VCRELAY_CONFIG. Keys that begin with x- are for anchors."
	top.Extra = map[string]schema{"^x-": {}}
	var out bytes.Buffer
	if err := json.Indent(&out, marshal(top), "", "  "); err != nil {
		return nil
	}
	return append(out.Bytes(), '\n')
}

// object describes a section.
func object(section any) schema {
	closed := false
	result := schema{Type: "object", Others: &closed}
	for field, setting := range fields(section) {
		value := setting.schema(field.Tag)
		value.About = field.Tag.Get("about")
		key := field.Tag.Get("key")
		result.Properties = append(result.Properties, property{key, value})
		if _, needed := field.Tag.Lookup("need"); needed {
			result.Required = append(result.Required, key)
		}
	}
	if more, ok := section.(interface{ together() string }); ok {
		result.All = json.RawMessage(more.together())
	}
	return result
}

func (*text) schema(rules reflect.StructTag) schema {
	result := schema{Type: "string", Only: strings.Fields(rules.Get("one")), Pattern: rules.Get("looks")}
	if form, limited := forms[rules.Get("form")]; limited {
		result.Pattern = form.pattern.String()
	}
	if result.Pattern == "" && len(result.Only) == 0 {
		result.Pattern = `\S`
	}
	return result
}

func (*flag) schema(reflect.StructTag) schema { return schema{Type: "boolean"} }

func (*number) schema(rules reflect.StructTag) schema {
	return schema{Type: "integer", Any: marshal(amounts[rules.Get("form")].schema())}
}

func (*texts) schema(rules reflect.StructTag) schema {
	item := (&text{}).schema(rules)
	return schema{Type: "array", Items: &item, LeastItems: 1, UniqueItems: true}
}

func (*free) schema(reflect.StructTag) schema {
	return schema{Type: []string{"object", "string"}, LeastKeys: 1, Pattern: `^\s*\{`}
}

func (*list[S]) schema(reflect.StructTag) schema {
	item := object(new(S))
	return schema{Type: "array", Items: &item, LeastItems: 1}
}

// together is what the keys of a vCenter say about each other: one source for each half of the account, the form of references,
// and that nothing switches a check off.
func (*vcenterSection) together() string {
	reference := string(marshal(referenceForm.String()))
	return `[
		{"oneOf": [{"required": ["username"]}, {"required": ["usernameFile"]}]},
		{"oneOf": [{"required": ["password"]}, {"required": ["passwordFile"]}]},
		{"properties": {"username": {"anyOf": [{"not": {"pattern": "^secret://"}}, {"pattern": ` + reference + `}]}}},
		{"properties": {"password": {"anyOf": [{"not": {"pattern": "^secret://"}}, {"pattern": ` + reference + `}]}}},
		{"not": {"properties": {"insecure": {"const": true}}, "required": ["insecure"], "anyOf": [{"required": ["caFile"]}, {"required": ["thumbprint"]}]}}
	]`
}

// together is what the keys of a route say about each other: what a binding needs, and what only it has.
func (*routeSection) together() string {
	return `[{
		"if": {"properties": {"target": {"pattern": "^binding://"}}, "required": ["target"]},
		"then": {"required": ["deadLetter"]}
	}, {
		"if": {"properties": {"target": {"pattern": "^pubsub://"}}, "required": ["target"]},
		"then": {"properties": {"mode": false}}
	}]`
}
