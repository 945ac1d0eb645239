package vimjson

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

func newShape(typ reflect.Type) *shape {
	s := &shape{typ: typ, name: types.VmomiTypeName(typ), kind: kindNone}
	switch typ {
	case reflect.TypeFor[time.Time]():
		s.kind = kindTime
		return s
	case reflect.TypeFor[types.ByteSlice]():
		s.kind = kindBytes
		return s
	case reflect.TypeFor[types.ManagedObjectReference]():
		s.kind = kindReference
		return s
	}
	s.classify(typ)
	s.open = newPhrase(`{"_typeName":"` + s.name + `"`)
	return s
}

func (s *shape) classify(typ reflect.Type) {
	switch typ.Kind() { //nolint:exhaustive // the rest does not come
	case reflect.String:
		s.kind = kindString
	case reflect.Bool:
		s.kind = kindBool
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.kind, s.bits = kindInt, typ.Bits()
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		s.kind, s.bits = kindUint, typ.Bits()
	case reflect.Float32, reflect.Float64:
		s.kind, s.bits = kindFloat, typ.Bits()
	case reflect.Struct:
		s.kind = kindObject
	case reflect.Interface:
		s.kind = kindDynamic
	case reflect.Slice:
		if typ.Elem().Kind() == reflect.Uint8 {
			s.kind = kindBinary
		}
	}
}

// load reads the fields of a struct, and the class behind a Base interface.
func (s *shape) load() {
	switch s.kind { //nolint:exhaustive // the rest has none
	case kindDynamic:
		if typ, ok := typeByName(s.typ.Name()); ok && typ.Kind() == reflect.Struct {
			s.base = shapeOf(typ)
		}
	case kindObject:
		s.fields = visible(declared(s.typ, 0))
		s.index = make(map[string]int, len(s.fields))
		for layout := range s.required {
			s.required[layout] = make([]uint64, (len(s.fields)+63)/64)
		}
		for i := range s.fields {
			f := s.fields[i]
			s.index[f.element] = i
			for layout := range f.zero {
				if f.zero[layout] != "" {
					s.required[layout][i/64] |= 1 << (i % 64)
				}
			}
		}
	}
}

// member is a field with its depth in embedded structs.
type member struct {
	*field
	depth int
}

// declared lists the fields of a struct and of those that it embeds, in the order in which govmomi writes them.
func declared(typ reflect.Type, depth int) []member {
	var all []member
	for i := range typ.NumField() {
		f := typ.Field(i)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			all = append(all, declared(f.Type, depth+1)...)
		case !f.IsExported() || f.Name == "XMLName" || f.Tag.Get("json") == "-":
		default:
			all = append(all, member{fieldOf(typ, f), depth})
		}
	}
	return all
}

// visible drops a field that a less deeply embedded one hides.
func visible(all []member) []*field {
	var fields []*field
	for i := range all {
		hidden := slices.ContainsFunc(all, func(m member) bool { return m.element == all[i].element && m.depth < all[i].depth })
		if !hidden {
			fields = append(fields, all[i].field)
		}
	}
	return fields
}

// knownFields has the fields that were read so far, by the struct that declares them and their name.
var knownFields sync.Map

type declaration struct {
	owner reflect.Type
	name  string
}

func fieldOf(owner reflect.Type, f reflect.StructField) *field {
	at := declaration{owner: owner, name: f.Name}
	if d, ok := knownFields.Load(at); ok {
		return d.(*field)
	}
	d, _ := knownFields.LoadOrStore(at, newField(owner, f))
	return d.(*field)
}

func newField(owner reflect.Type, f reflect.StructField) *field {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		name = f.Name
	}
	element, _, _ := strings.Cut(f.Tag.Get("xml"), ",")
	typ, pointer := f.Type, f.Type.Kind() == reflect.Pointer
	if pointer {
		typ = typ.Elem()
	}
	out := &field{element: element, role: roles[owner][f.Name]}
	out.key = [layouts]string{VIJSON: `,"` + name + `":`, PascalCase: `,"` + f.Name + `":`}
	out.array = typ == reflect.TypeFor[types.ByteSlice]() || typ.Kind() == reflect.Slice && typ.Elem().Kind() != reflect.Uint8
	omit := options == "omitempty"
	out.omit = omit && !pointer
	for layout := range out.zero {
		if Layout(layout) == PascalCase || !omit || !omissible(f.Type) {
			out.zero[layout] = zero(f.Type, Layout(layout))
		}
	}
	if out.array && typ != reflect.TypeFor[types.ByteSlice]() {
		typ = typ.Elem()
	}
	out.shape = shapeOf(typ)
	out.expect()
	return out
}

// expect sets what the short cut expects of the field.
func (f *field) expect() {
	start := "<" + f.element + ">"
	lead := f.key
	switch k := f.shape.kind; {
	case k == kindDynamic:
		f.course, start = courseTyped, "<"+f.element+` xsi:type="`
	case f.array || k == kindObject || k == kindBinary || k == kindNone:
		f.course = courseStart
	case k == kindString:
		f.course = courseString
		for layout := range lead {
			lead[layout] += `"`
		}
	case k == kindReference:
		f.course, start = courseReference, "<"+f.element+` type="`
		for layout := range lead {
			lead[layout] += referenceType[layout] + `"`
		}
	default:
		f.course = courseScalar
	}
	for layout := range lead {
		f.lead[layout] = newPhrase(lead[layout])
	}
	f.start, f.end = newPattern(start), newPattern("</"+f.element+">")
}

// omissible tells that encoding/json's omitempty works on a type: structs are never empty.
func omissible(typ reflect.Type) bool { return typ.Kind() != reflect.Struct }

// zero is the JSON of a type's zero value.
func zero(typ reflect.Type, layout Layout) string {
	switch typ.Kind() {
	case reflect.String:
		return `""`
	case reflect.Bool:
		return `false`
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32,
		reflect.Uint64, reflect.Float32, reflect.Float64:
		return `0`
	case reflect.Struct:
		return zeroStruct(typ, layout)
	default:
		return `null`
	}
}

func zeroStruct(typ reflect.Type, layout Layout) string {
	switch typ {
	case reflect.TypeFor[time.Time]():
		return `"0001-01-01T00:00:00Z"`
	case reflect.TypeFor[types.ManagedObjectReference]():
		return emptyReference[layout]
	}
	var members []string
	if layout == VIJSON {
		members = append(members, `"_typeName":"`+types.VmomiTypeName(typ)+`"`)
	}
	for _, f := range visible(declared(typ, 0)) {
		if f.zero[layout] != "" {
			members = append(members, f.key[layout][1:]+f.zero[layout])
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}
