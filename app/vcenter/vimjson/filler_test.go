package vimjson_test

import (
	"encoding/base64"
	"math"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// filler fills values at random, by a seed.
type filler struct {
	*rand.Rand
	t       testing.TB
	deepest int
	classes []reflect.Type // what can stand behind a Base interface
}

func newFiller(t testing.TB, seed uint64) *filler {
	f := &filler{Rand: rand.New(rand.NewPCG(seed, 1)), t: t, deepest: 7}
	for _, name := range names(t) {
		f.classes = append(f.classes, typeOf(t, name))
	}
	return f
}

// event makes an event of a class. Its header is always there; all else may be.
func (f *filler) event(class reflect.Type) types.BaseEvent {
	v := reflect.New(class)
	f.fill(v.Elem(), 1)
	event, ok := v.Interface().(types.BaseEvent)
	if !ok {
		f.t.Fatalf("%s is no event", class)
	}
	return event
}

func (f *filler) fill(v reflect.Value, depth int) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(f.moment()))
		return
	case reflect.TypeFor[types.ByteSlice]():
		v.SetBytes([]byte(f.text())[:0:0])
		for range f.IntN(4) {
			v.SetBytes(append(v.Bytes(), byte(f.IntN(256))))
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.IntN(2) == 0)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(f.number() >> (64 - v.Type().Bits()) >> f.IntN(v.Type().Bits()))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(f.Uint64() >> (64 - v.Type().Bits()) >> f.IntN(v.Type().Bits()))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(f.float(v.Type().Bits()))
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i), depth+1)
		}
	case reflect.Pointer:
		if f.deep(depth) {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), depth)
		}
	case reflect.Interface:
		f.dynamic(v, depth)
	case reflect.Slice:
		f.slice(v, depth)
	default:
		f.t.Fatalf("no filling for %s", v.Type())
	}
}

// deep tells whether something optional is there: the deeper, the less likely.
func (f *filler) deep(depth int) bool { return depth < f.deepest && f.IntN(depth+1) == 0 }

func (f *filler) slice(v reflect.Value, depth int) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		v.SetBytes(f.binary())
		return
	}
	if depth >= f.deepest {
		return
	}
	n := f.IntN(4)
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		f.fill(v.Index(i), depth+1)
	}
}

// binary is base64 text, since govmomi neither decodes nor encodes it. Some of it is none.
func (f *filler) binary() []byte {
	switch f.IntN(5) {
	case 0:
		return nil
	case 1:
		return []byte(f.text())
	default:
		return []byte(base64.StdEncoding.EncodeToString([]byte(f.text())))
	}
}

func (f *filler) dynamic(v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[types.AnyType]() {
		v.Set(f.any(depth))
		return
	}
	if depth >= f.deepest {
		return
	}
	fitting := implementers(v.Type(), f.classes)
	p := reflect.New(fitting[f.IntN(len(fitting))])
	f.fill(p.Elem(), depth+1)
	v.Set(p)
}

var fitting sync.Map

func implementers(base reflect.Type, classes []reflect.Type) []reflect.Type {
	if known, ok := fitting.Load(base); ok {
		return known.([]reflect.Type)
	}
	var found []reflect.Type
	for _, class := range classes {
		if reflect.PointerTo(class).Implements(base) {
			found = append(found, class)
		}
	}
	fitting.Store(base, found)
	return found
}

var boxed = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[time.Time](),
	reflect.TypeFor[[]byte](), reflect.TypeFor[types.ManagedObjectReference](), reflect.TypeFor[types.VirtualMachinePowerState](),
	reflect.TypeFor[types.ArrayOfString](), reflect.TypeFor[types.ArrayOfInt](), reflect.TypeFor[types.ArrayOfLong](),
	reflect.TypeFor[types.ArrayOfByte](), reflect.TypeFor[types.ArrayOfAnyType](), reflect.TypeFor[types.ArrayOfBoolean](),
	reflect.TypeFor[types.ArrayOfBase64Binary](), reflect.TypeFor[types.ArrayOfEvent](), reflect.TypeFor[types.ArrayOfMethodFault](),
	reflect.TypeFor[types.ArrayOfManagedObjectReference](), reflect.TypeFor[types.ArrayOfKeyValue](),
	reflect.TypeFor[types.OptionValue](), reflect.TypeFor[types.VirtualDisk](), reflect.TypeFor[types.KeyAnyValue](),
}

// any fills an anyType. It is never nil: govmomi's encoder does not write that.
func (f *filler) any(depth int) reflect.Value {
	kinds := boxed
	if depth >= f.deepest {
		kinds = boxed[:16]
	}
	v := reflect.New(kinds[f.IntN(len(kinds))]).Elem()
	f.fill(v, depth+1)
	return v
}

func (f *filler) moment() time.Time {
	t := time.Unix(f.Int64N(4e9), f.Int64N(1e9)).UTC()
	switch f.IntN(4) {
	case 0:
		return t.Truncate(time.Second)
	case 1:
		return t.In(time.FixedZone("", 60*(f.IntN(1440)-720)))
	default:
		return t.Truncate(time.Duration(math.Pow10(f.IntN(9))))
	}
}

func (f *filler) number() int64 { return int64(f.Uint64()) } //nolint:gosec // any number

func (f *filler) float(bits int) float64 {
	x := f.NormFloat64() * math.Pow10(f.IntN(60)-30)
	switch {
	case f.IntN(8) == 0:
		return 0
	case bits == 32:
		return float64(float32(x))
	default:
		return x
	}
}

var hostile = []string{
	"", " ", "VSPHERE.LOCAL\\Administrator", "a<b>&\"c\" 'd'", "line\nline\r\nline\ttab", "\u2028\u2029", "äöü 漢字 😀",
	"]]>", "<![CDATA[x]]>", "<!-- no -->", "&amp;&#65;&lt;", "\\u0041\\n", "null", `{"a":1}`, "\x00\x01\x1f", "\xff\xfe\xc3", "\uFFFE\uFFFF",
	"xsi:type=\"xsd:int\"", "_typeName", "  leading and trailing  ", "\u007f\u0085\u00a0",
}

func (f *filler) text() string {
	switch f.IntN(4) {
	case 0:
		return hostile[f.IntN(len(hostile))]
	case 1:
		return hostile[f.IntN(len(hostile))] + hostile[f.IntN(len(hostile))]
	default:
		return words[f.IntN(len(words))]
	}
}

var words = []string{"vm-62", "host-21", "DC0_H0_VM0", "poweredOn", "Virtual machine DC0_H0_VM0 is powered on", "VirtualMachine", "info"}
