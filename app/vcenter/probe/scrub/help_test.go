package scrub_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	vimxml "github.com/vmware/govmomi/vim25/xml"

	"github.com/vcrelay/vcrelay/app/vcenter/probe/scrub"
)

const (
	opening = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ` +
		`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<soapenv:Body>
`
	closing = "\n</soapenv:Body>\n</soapenv:Envelope>\n"
)

// body wraps elements as the events of a page.
func body(returnvals string) []byte {
	return []byte(opening + `<ReadNextEventsResponse xmlns="urn:vim25">` + returnvals + `</ReadNextEventsResponse>` + closing)
}

// event wraps elements as one event.
func event(class, elements string) []byte {
	return body(`<returnval xsi:type="` + class + `">` + elements + `</returnval>`)
}

// encode is the page that govmomi makes of events.
func encode(t testing.TB, events []types.BaseEvent) []byte {
	t.Helper()
	var out bytes.Buffer
	start := vimxml.StartElement{Name: vimxml.Name{Space: "urn:vim25", Local: "ReadNextEventsResponse"}}
	if err := vimxml.NewEncoder(&out).EncodeElement(&types.ReadNextEventsResponse{Returnval: events}, start); err != nil {
		t.Fatal(err)
	}
	return []byte(opening + out.String() + closing)
}

// decode is what govmomi's client makes of a page.
func decode(t testing.TB, page []byte) []types.BaseEvent {
	t.Helper()
	answer := methods.ReadNextEventsBody{}
	decoder := vimxml.NewDecoder(bytes.NewReader(page))
	decoder.TypeFunc = types.TypeFunc()
	if err := decoder.Decode(&soap.Envelope{Body: &answer}); err != nil {
		t.Fatalf("govmomi: %v in\n%.2000s", err, page)
	}
	return answer.Res.Returnval
}

func scrubbed(t testing.TB, page []byte) string {
	t.Helper()
	out, err := scrub.New().Page(page)
	if err != nil {
		t.Fatalf("%v in\n%.2000s", err, page)
	}
	return string(out)
}

// shape lists a page's elements with their classes, and the texts of those that carry order and identity.
func shape(t testing.TB, page []byte) []string {
	t.Helper()
	var all, path []string
	decoder := xml.NewDecoder(bytes.NewReader(page))
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			path = append(path, e.Name.Local)
			class := ""
			for _, a := range e.Attr {
				if a.Name.Local == "type" && a.Name.Space != "" {
					class = a.Value
				}
			}
			all = append(all, strings.Join(path, "/")+" "+class)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if name := path[max(0, len(path)-1):]; len(path) == 5 && strings.Contains(" key chainId createdTime ", " "+name[0]+" ") {
				all = append(all, string(e))
			} else if len(path) > 0 && len(bytes.Trim(e, "-.0123456789")) > 0 {
				all = append(all, fmt.Sprint(len(e), " bytes"))
			}
		}
	}
}

// secret is the n-th text that must not be seen.
func secret(n int) string { return fmt.Sprintf("Ärger & <Söhne> %d 10.20.30.40", n) }

// filled is an event of a class with a secret in each text that it can hold, and in what stands for one.
func filled(t testing.TB, class reflect.Type, texts *int) types.BaseEvent {
	t.Helper()
	v := reflect.New(class)
	fill(v.Elem(), 0, texts)
	e, ok := v.Interface().(types.BaseEvent)
	if !ok {
		t.Fatalf("%s is no event", class)
	}
	e.GetEvent().Key, e.GetEvent().ChainId, e.GetEvent().CreatedTime = int32(*texts), 7, time.Date(2026, 11, 20, 10, 0, 0, 123456000, time.UTC)
	return e
}

const deepest = 4

func fill(v reflect.Value, depth int, texts *int) {
	next := func() string { *texts++; return secret(*texts) }
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)))
		return
	case reflect.TypeFor[types.AnyType]():
		v.Set(reflect.ValueOf(next()))
		return
	}
	switch v.Kind() { //nolint:exhaustive // the rest holds no text
	case reflect.String:
		v.SetString(next())
	case reflect.Int32, reflect.Int64:
		v.SetInt(1234567)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1, texts)
		}
	case reflect.Pointer:
		if depth < deepest {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), depth, texts)
		}
	case reflect.Interface:
		if base, ok := types.TypeFunc()(v.Type().Name()); ok && depth < deepest && base.Kind() == reflect.Struct {
			value := reflect.New(base)
			fill(value.Elem(), depth, texts)
			v.Set(value)
		}
	case reflect.Slice:
		switch {
		case v.Type() == reflect.TypeFor[types.ByteSlice](): // written as one element a byte
			v.SetBytes([]byte(next()))
		case v.Type().Elem().Kind() == reflect.Uint8:
			v.SetBytes([]byte(base64.StdEncoding.EncodeToString([]byte(next()))))
		case depth < deepest:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), depth+1, texts)
		}
	}
}

// classes are all classes of events that govmomi knows; package vimjson keeps the list of its types.
func classes(t testing.TB) []reflect.Type {
	t.Helper()
	names, err := os.ReadFile("../../vimjson/testdata/types.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []reflect.Type
	for _, name := range strings.Fields(string(names)) {
		typ, ok := types.TypeFunc()(name)
		if ok && reflect.PointerTo(typ).Implements(reflect.TypeFor[types.BaseEvent]()) {
			all = append(all, typ)
		}
	}
	if len(all) < 400 {
		t.Fatalf("only %d classes of events", len(all))
	}
	return all
}
