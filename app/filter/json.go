package filter

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	jsoniter "github.com/json-iterator/go"
)

var reader = jsoniter.Config{}.Froze()

// parse makes Go values of JSON: map[string]any, []any, string, bool, nil, and numbers as int64 or uint64 where they are
// whole and fit, so that those beyond 2^53 keep their value, else as float64. Nothing of the result is part of data. Of an
// object it makes the wanted members, or all where wanted is nil; the others are skipped.
func parse(data []byte, wanted map[string]bool) (any, error) {
	iterator := reader.BorrowIterator(data)
	defer reader.ReturnIterator(iterator)
	var value any
	if iterator.WhatIsNext() == jsoniter.ObjectValue {
		value = readObject(iterator, wanted)
	} else {
		value = readValue(iterator)
	}
	if iterator.Error == nil && (iterator.WhatIsNext() != jsoniter.InvalidValue || iterator.Error == nil) {
		iterator.ReportError("parse", "there is more after the end")
	}
	if err := iterator.Error; err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("data is no JSON: %w", err)
	}
	return value, nil
}

func readValue(iterator *jsoniter.Iterator) any {
	switch iterator.WhatIsNext() {
	case jsoniter.StringValue:
		return iterator.ReadString()
	case jsoniter.NumberValue:
		return number(iterator)
	case jsoniter.BoolValue:
		return iterator.ReadBool()
	case jsoniter.NilValue:
		iterator.ReadNil()
		return nil
	case jsoniter.ArrayValue:
		list := []any{}
		iterator.ReadArrayCB(func(iterator *jsoniter.Iterator) bool {
			list = append(list, readValue(iterator))
			return true
		})
		return list
	case jsoniter.ObjectValue:
		return readObject(iterator, nil)
	default:
		iterator.ReportError("parse", "a value is missing")
		return nil
	}
}

func readObject(iterator *jsoniter.Iterator, wanted map[string]bool) map[string]any {
	object := make(map[string]any)
	iterator.ReadMapCB(func(iterator *jsoniter.Iterator, name string) bool {
		if wanted == nil || wanted[name] {
			object[name] = readValue(iterator)
		} else {
			iterator.Skip()
		}
		return true
	})
	return object
}

func number(iterator *jsoniter.Iterator) any {
	text := string(iterator.ReadNumber())
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		iterator.ReportError("parse", text+" is no number that can be compared")
	}
	return f
}
