package vimjson

import (
	"maps"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/vmware/govmomi/vim25/types"
)

// shapes has the tables that were built so far. Names are looked up without a lock and without an allocation: the map is
// replaced, never changed.
var shapes struct {
	sync.Mutex
	byType map[reflect.Type]*shape
	byName atomic.Pointer[map[string]*shape]
}

var typeByName = types.TypeFunc()

// boxes are the primitive types that anyType can hold, by the XML name. The names in JSON are govmomi's, which calls
// some unusual ones as Go does.
var boxes = map[string]*shape{
	"boolean":       {kind: kindBool, name: "boolean"},
	"byte":          {kind: kindInt, bits: 8, name: "int8"},
	"short":         {kind: kindInt, bits: 16, name: "short"},
	"int":           {kind: kindInt, bits: 32, name: "int"},
	"long":          {kind: kindInt, bits: 64, name: "long"},
	"unsignedByte":  {kind: kindUint, bits: 8, name: "byte"},
	"unsignedShort": {kind: kindUint, bits: 16, name: "uint16"},
	"unsignedInt":   {kind: kindUint, bits: 32, name: "uint32"},
	"unsignedLong":  {kind: kindUint, bits: 64, name: "uint64"},
	"float":         {kind: kindFloat, bits: 32, name: "float"},
	"double":        {kind: kindFloat, bits: 64, name: "double"},
	"string":        {kind: kindString, name: "string"},
	"dateTime":      {kind: kindTime, name: "dateTime"},
	"base64Binary":  {kind: kindBinary, name: "binary"},
}

// lookup finds the shape for the local part of an xsi:type; nil if nobody knows it.
func lookup(name []byte) *shape {
	if known := shapes.byName.Load(); known != nil {
		if s, ok := (*known)[string(name)]; ok {
			return s
		}
	}
	s := boxes[string(name)]
	if s == nil {
		typ, ok := typeByName(string(name))
		if !ok {
			return nil // not remembered: there is no end to unknown names
		}
		if s = shapeOf(typ); s.kind == kindDynamic || s.kind == kindNone {
			return nil // an interface is no type of a value
		}
	}
	remember(string(name), s)
	return s
}

func remember(name string, s *shape) {
	shapes.Lock()
	defer shapes.Unlock()
	next := map[string]*shape{}
	if known := shapes.byName.Load(); known != nil {
		next = maps.Clone(*known)
	}
	next[name] = s
	shapes.byName.Store(&next)
}

// shapeOf is the one shape of a type. Its fields are read when they are needed, so that types can hold each other.
func shapeOf(typ reflect.Type) *shape {
	shapes.Lock()
	defer shapes.Unlock()
	if s, ok := shapes.byType[typ]; ok {
		return s
	}
	if shapes.byType == nil {
		shapes.byType = map[reflect.Type]*shape{}
	}
	s := newShape(typ)
	shapes.byType[typ] = s
	return s
}

// eventShape is what an event of an unknown class is read by: the fields that each event has.
var eventShape = sync.OnceValue(func() *shape { return shapeOf(reflect.TypeFor[types.Event]()).loaded() })
