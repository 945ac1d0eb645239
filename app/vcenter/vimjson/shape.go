package vimjson

import (
	"reflect"
	"sync"
)

// Layout is the form of the data.
type Layout uint8

const (
	// VIJSON is vCenter's own JSON: lower-case names, _typeName in each object, values of anyType in boxes, optional
	// fields that are unset left out.
	VIJSON Layout = iota
	// PascalCase is what the VMware Event Router and VEBA published: each declared field under its Go name, null and
	// zero where unset, no type names, values of anyType plain.
	PascalCase

	layouts = 2 // of JSON

	// XML is what VSphereSource published by default: the event as encoding/xml writes govmomi's structs, an element with
	// the name of the class, without name spaces and types. Unlike VSphereSource it keeps classes and fields that govmomi
	// does not know, and empty values in an array.
	XML Layout = layouts
)

// json is the layout that the emitter writes.
func (l Layout) json() Layout {
	if l == XML {
		return VIJSON
	}
	return l
}

type kind uint8

const (
	kindString kind = iota
	kindBool
	kindInt
	kindUint
	kindFloat
	kindTime
	kindBinary    // base64Binary, a Go []byte
	kindBytes     // an element for each byte, govmomi's ByteSlice
	kindReference // ManagedObjectReference
	kindObject
	kindDynamic // the element says by xsi:type what it is
	kindNone    // nothing that comes in an event
)

// shape is how elements of one type look in XML and in JSON. It is built once and shared by all readers.
type shape struct {
	kind kind
	bits int    // of numbers
	name string // what _typeName says
	open phrase // the beginning of an object in VI/JSON
	base *shape // of a dynamic element without xsi:type; nil for anyType

	fields   []*field          // those of an embedded struct are shared, which is easier on the processor's cache
	index    map[string]int    // fields by the name of their elements
	required [layouts][]uint64 // a bit for each field that is written even if it did not come
	typ      reflect.Type
	once     sync.Once
}

// field is one member of an object.
type field struct {
	element string
	course  course
	start   pattern         // its start tag as far as it is always the same, and
	end     pattern         // its end tag, as the short cut expects them
	key     [layouts]string // `,"name":`
	lead    [layouts]phrase // the key, and what stands before the text of a leaf
	zero    [layouts]string // what stands for an absent field; empty if it is left out
	shape   *shape
	array   bool // the element repeats
	omit    bool // VI/JSON leaves it out if it has its zero value
	role    role
}

// find returns the field for an element, -1 for none. Elements mostly come in the order of the table, so the search
// begins where the last one ended.
func (s *shape) find(element []byte, hint int) int {
	for i := hint; i < len(s.fields) && i < hint+4; i++ {
		if s.fields[i].element == string(element) {
			return i
		}
	}
	if i, ok := s.index[string(element)]; ok {
		return i
	}
	return -1
}

// loaded is the shape with its fields.
func (s *shape) loaded() *shape {
	s.once.Do(s.load)
	return s
}
