package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// patternReader reads a pattern by tokens: EventBridge refuses a member that is there twice, which the maps of Go would hide.
type patternReader struct {
	text    []byte
	decoder *json.Decoder
	faults  []error
}

// readPattern reads the pattern and finds every fault in it.
func readPattern(text []byte) (object, error) {
	r := patternReader{text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	r.decoder.UseNumber()
	pattern, err := r.read()
	if err != nil {
		return nil, err
	}
	r.checkMembers(pattern)
	slices.SortFunc(r.faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return pattern, errors.Join(r.faults...)
}

func (r *patternReader) read() (object, error) {
	token, err := r.decoder.Token()
	if err == nil && token != json.Delim('{') {
		return nil, errors.New(`the pattern is no JSON object; write it as {"subject": ["VmPoweredOnEvent"]}`)
	}
	var pattern object
	if err == nil {
		pattern, err = r.object("")
	}
	if err != nil {
		return nil, r.unreadable(err)
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: there is more after the end of the pattern", r.place(r.decoder.InputOffset()))
	}
	return pattern, nil
}

func (r *patternReader) unreadable(err error) error {
	at := r.decoder.InputOffset()
	if syntax, found := errors.AsType[*json.SyntaxError](err); found {
		at = syntax.Offset
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends too early")
	}
	return fmt.Errorf("%s: the pattern is no JSON: %w", r.place(at), err)
}

// place counts from one, as that of an expression.
func (r *patternReader) place(offset int64) string {
	before := string(r.text[:min(int(offset), len(r.text))])
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndex(before, "\n")+1:]))
	return place(string(r.text), line, max(column-1, 0))
}

func (r *patternReader) fault(path, format string, args ...any) {
	if path == "" {
		path = "the pattern"
	}
	r.faults = append(r.faults, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// object reads what follows a brace.
func (r *patternReader) object(path string) (object, error) {
	members := make(object)
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		inner := strings.TrimPrefix(path+"."+name, ".")
		if _, twice := members[name]; twice {
			r.fault(inner, "is there twice; write its values into one list")
		}
		if name == "$or" {
			r.fault(inner, "alternatives are not known here; %s", otherwise[name])
		}
		if members[name], err = r.member(inner); err != nil {
			return nil, err
		}
	}
	if len(members) == 0 {
		r.fault(path, "is empty; name what has to match, or leave it out")
	}
	_, err := r.decoder.Token()
	return members, err
}

func (r *patternReader) member(path string) (any, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return r.object(path)
	case json.Delim('['):
		return r.values(path)
	default:
		text, err := json.Marshal(token)
		r.fault(path, "is %s; values stand in a list: [%s]", text, text)
		return nil, err
	}
}

// values reads what follows a bracket.
func (r *patternReader) values(path string) (values, error) {
	var list values
	for r.decoder.More() {
		var value any
		if err := r.decoder.Decode(&value); err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	if _, err := r.decoder.Token(); err != nil {
		return nil, err
	}
	return r.checkValues(path, list), nil
}
