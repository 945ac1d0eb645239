package filter_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/vcrelay/vcrelay/app/filter"
)

// FuzzJSONIsReadAsTheStandardLibraryReadsIt holds for what is JSON in UTF-8. Of the rest, something may be read; what is cut short is not.
func FuzzJSONIsReadAsTheStandardLibraryReadsIt(f *testing.F) {
	for _, e := range golden(f) {
		f.Add(e.Data)
	}
	for _, seed := range []string{`{"a":[1,-2,3.5e+3,1e5,9007199254740993,18446744073709551615,18446744073709551616],"b":null,"\u00e4\"":"\ud83d\ude00\n"}`, ` [ ] `, `{}`, `""`, `0`, `{"a":1}}`, `{"a":1`, `[1`, `"a`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := filter.Parse(bytes.Clone(data))
		var want any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if !json.Valid(data) || !utf8.Valid(data) || decoder.Decode(&want) != nil {
			if trimmed := bytes.TrimSpace(data); err == nil && len(trimmed) > 0 && trimmed[0] == '{' && trimmed[len(trimmed)-1] != '}' {
				t.Errorf("%q was read as %v", data, got)
			}
			return
		}
		want, fits := exact(want)
		if fits != (err == nil) || fits && !reflect.DeepEqual(got, want) {
			t.Errorf("%q was read as %#v, %v; want %#v", data, got, err, want)
		}
		if object, isObject := want.(map[string]any); isObject && fits {
			maps.DeleteFunc(object, func(name string, _ any) bool { return name != "a" && name != "vm" })
			if got, err := filter.ParseMembers(bytes.Clone(data), "a", "vm"); err != nil || !reflect.DeepEqual(got, any(object)) {
				t.Errorf("of %q was read %#v, %v; want %#v", data, got, err, object)
			}
		}
	})
}

// exact makes numbers of the texts in a value; fits is false where one is too large even for floating point.
func exact(value any) (number any, fits bool) {
	fits = true
	each := func(inner any) any {
		inner, ok := exact(inner)
		fits = fits && ok
		return inner
	}
	switch value := value.(type) {
	case map[string]any:
		for name := range value {
			value[name] = each(value[name])
		}
	case []any:
		for i := range value {
			value[i] = each(value[i])
		}
	case json.Number:
		if n, err := value.Int64(); err == nil {
			return n, true
		}
		if n, err := strconv.ParseUint(value.String(), 10, 64); err == nil {
			return n, true
		}
		n, err := value.Float64()
		return n, err == nil
	}
	return value, fits
}
