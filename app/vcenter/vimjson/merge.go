package vimjson

import "encoding/base64"

// merge mends an object in which members came again after others: the elements of arrays are joined, of a single field
// the last value counts, and a member that the class does not have becomes an array. It costs time in proportion to the
// object, and is needed only for pages that no vCenter sends in its right mind and for arrays that are unknown.
func (e *emitter) merge(f *frame) {
	object := e.out[f.at:]
	values := map[string][][]byte{}
	var names []string
	for i := 1; object[i] != '}'; {
		if object[i] == ',' {
			i++
		}
		end := i + stringEnd(object[i:])
		name := string(object[i:end])
		i = end + 1
		end = i + valueEnd(object[i:])
		if values[name] == nil {
			names = append(names, name)
		}
		values[name] = append(values[name], object[i:end])
		i = end
	}
	merged := append(make([]byte, 0, len(object)+2*len(names)), '{')
	for i, name := range names {
		if i > 0 {
			merged = append(merged, ',')
		}
		merged = append(append(merged, name...), ':')
		merged = f.shape.join(merged, name, values[name], e.layout)
	}
	e.out = append(append(e.out[:f.at], merged...), '}')
}

// join appends the one value that stands for all.
func (s *shape) join(out []byte, name string, values [][]byte, layout Layout) []byte {
	last := values[len(values)-1]
	if len(values) == 1 {
		return append(out, last...)
	}
	known := name == `"_typeName"`
	for i := range s.fields {
		d := s.fields[i]
		if d.key[layout] != ","+name+":" {
			continue
		}
		known = true
		switch {
		case d.shape.kind == kindBytes:
			return joinBytes(out, values)
		case d.array:
			for i, v := range values {
				values[i] = v[1 : len(v)-1]
			}
			return joinArray(out, values)
		}
	}
	if known {
		return append(out, last...)
	}
	return joinArray(out, values)
}

func joinArray(out []byte, values [][]byte) []byte {
	out = append(out, '[')
	for i, v := range values {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, v...)
	}
	return append(out, ']')
}

// joinBytes joins base64 strings and nulls.
func joinBytes(out []byte, values [][]byte) []byte {
	var all []byte
	for _, v := range values {
		if v[0] == '"' {
			all, _ = base64.StdEncoding.AppendDecode(all, v[1:len(v)-1]) // ours, so it decodes
		}
	}
	return append(base64.StdEncoding.AppendEncode(append(out, '"'), all), '"')
}

// stringEnd is the length of the JSON string at the beginning of b.
func stringEnd(b []byte) int {
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// valueEnd is the length of the JSON value at the beginning of b, which is followed by more.
func valueEnd(b []byte) int {
	depth := 0
	for i := 0; ; i++ {
		switch b[i] {
		case '"':
			i += stringEnd(b[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
}
