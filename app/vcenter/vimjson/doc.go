// Package vimjson turns a SOAP page of events (the answer to ReadNextEvents, ReadPreviousEvents or QueryEvents) into
// JSON, or into XML without SOAP, one event at a time and straight from the stream: no Go struct is built and nothing is
// reflected on per event.
//
// What it guarantees:
//
//   - A page is whole or it is an error. [Reader.Next] returns io.EOF only after it has seen the end tag of the SOAP
//     envelope; a body that was cut anywhere before gives an error that wraps io.ErrUnexpectedEOF.
//   - For classes and fields that govmomi knows, [VIJSON] equals what govmomi makes of the same page with
//     types.NewJSONEncoder, [PascalCase] equals what the VMware Event Router and VEBA published, and [XML] what
//     VSphereSource did. The oracle tests hold all over every event class, and name each difference that is meant.
//   - Nothing is dropped. Classes and fields that govmomi does not know pass through in a plain shape: text becomes a
//     string, an element with children an object, repeated elements an array, xsi:type the member _typeName. A value
//     that does not fit its field (a number that is none) passes through as a string.
//   - The JSON or XML is always valid, whatever the page holds: characters that are illegal or not UTF-8 become U+FFFD.
//   - Memory is bounded by one event, never by the page; see [Options].
//
// The tables that say which element is what come from govmomi's own types, by reflection, once per type and process.
//
// In the order of the data: scanner.go cuts the stream into tokens (tag.go, text.go, skip.go, space.go), reader.go finds
// the events, emit.go, object.go and unknown.go write them by the tables (tables.go, shape.go, registry.go), scalar.go and
// moment.go write their values, header.go reads the few fields back that the relay needs (interned.go keeps them), pascal.go
// has what the old layout does otherwise, merge.go mends what came out of order, slab.go has the memory that the events stay
// in. ahead.go is a short cut through all that for elements that come as the tables foresee them, which most do; pattern.go,
// plain.go and phrase.go are its tools. markup.go and markuptext.go make XML of an event in VI/JSON.
package vimjson
