package vimjson_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

var update = flag.Bool("update", false, "write testdata/types.txt anew from govmomi's source")

const namesFile = "testdata/types.txt"

var eventType = reflect.TypeFor[types.Event]()

// names are the types that values of Base interfaces can have; events among them.
func names(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(namesFile)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

func typeOf(t testing.TB, name string) reflect.Type {
	t.Helper()
	typ, ok := types.TypeFunc()(name)
	if !ok {
		t.Fatalf("govmomi has no type %s; write the list anew: go test ./app/vcenter/vimjson -run List -update", name)
	}
	return typ
}

// eventClasses are all classes that embed Event, and Event itself.
func eventClasses(t testing.TB) []reflect.Type {
	t.Helper()
	var classes []reflect.Type
	for _, name := range names(t) {
		if typ := typeOf(t, name); embeds(typ, eventType) {
			classes = append(classes, typ)
		}
	}
	return classes
}

func embeds(typ, base reflect.Type) bool {
	if typ == base {
		return true
	}
	for i := range typ.NumField() {
		if f := typ.Field(i); f.Anonymous && f.Type.Kind() == reflect.Struct && embeds(f.Type, base) {
			return true
		}
	}
	return false
}

func TestTheListOfTypesIsComplete(t *testing.T) {
	registered := registry(t)
	if *update {
		text := strings.Join(registered, "\n") + "\n"
		if err := os.WriteFile(namesFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(names(t), registered) {
		t.Errorf("govmomi registers %d types with a Base interface, the list has %d: go test ./app/vcenter/vimjson -run List -update",
			len(registered), len(names(t)))
	}
}

// registry reads the names of govmomi's types from the source that this test was built from.
func registry(t *testing.T) []string {
	t.Helper()
	file, _ := runtime.FuncForPC(reflect.ValueOf(types.NewJSONEncoder).Pointer()).FileLine(0)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.go"))
	if err != nil || len(files) == 0 {
		t.Skip("govmomi's source is not where this test was built from (-trimpath?)")
	}
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`\bt\["(\w+)"\]`).FindAllSubmatch(text, -1) {
			name := string(bytes.Clone(match[1]))
			if strings.HasPrefix(name, "ArrayOf") || strings.HasPrefix(name, "Base") {
				continue
			}
			if typ := typeOf(t, name); typ.Kind() == reflect.Struct && typ.Name() == name && polymorphic(typ) {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// polymorphic tells that a type stands behind one of govmomi's Base interfaces: it embeds or is a class with a getter.
func polymorphic(typ reflect.Type) bool { return reflect.PointerTo(typ).NumMethod() > 0 }
