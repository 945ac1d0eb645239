package vimjson_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

const (
	envelope = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"
 xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<soapenv:Body>
`
	closing  = "\n</soapenv:Body>\n</soapenv:Envelope>\n"
	declares = ` xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance"`
	declared = ` _XMLSchema-instance:type="`
)

// page is the XML of events inside an envelope like vCenter's. In the inline style each element declares its own name
// space, as govmomi's encoder writes it; else a prefix of the envelope is used, as vCenter does.
func page(t testing.TB, events []types.BaseEvent, inlined bool) []byte {
	t.Helper()
	var body bytes.Buffer
	res := &types.ReadNextEventsResponse{Returnval: events}
	start := xml.StartElement{Name: xml.Name{Space: "urn:vim25", Local: "ReadNextEventsResponse"}}
	if err := xml.NewEncoder(&body).EncodeElement(res, start); err != nil {
		t.Fatal(err)
	}
	text := body.String()
	if !inlined {
		text = strings.NewReplacer(declares, "", declared, ` xsi:type="`).Replace(text)
		if strings.Contains(text, "XMLSchema-instance") {
			t.Fatal("govmomi declares the name space in another way")
		}
	}
	return []byte(envelope + text + closing)
}

// body wraps text as a page of events.
func body(returnvals string) []byte {
	return []byte(envelope + `<ReadNextEventsResponse xmlns="urn:vim25">` + returnvals + `</ReadNextEventsResponse>` + closing)
}

// decode is what govmomi's client does with the answer.
func decode(page []byte) ([]types.BaseEvent, error) {
	res := methods.ReadNextEventsBody{}
	decoder := xml.NewDecoder(bytes.NewReader(page))
	decoder.TypeFunc = types.TypeFunc()
	if err := decoder.Decode(&soap.Envelope{Body: &res}); err != nil {
		return nil, err
	}
	if res.Res == nil {
		return nil, errors.New("no response")
	}
	return res.Res.Returnval, nil
}

// read is what the transcoder does with it.
func read(page []byte, options vimjson.Options) ([]vimjson.Event, error) {
	reader := vimjson.NewReader(bytes.NewReader(page), options)
	var events []vimjson.Event
	for {
		e, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
}

var veba = jsoniter.Config{TagKey: "veba", EscapeHTML: true}.Froze()

// encode is the oracle of a layout.
func encode(layout vimjson.Layout, e types.BaseEvent) ([]byte, error) {
	if layout == vimjson.PascalCase {
		return veba.Marshal(e)
	}
	var buffer bytes.Buffer
	err := types.NewJSONEncoder(&buffer).Encode(e)
	return buffer.Bytes(), err
}

// differences from govmomi that are right, by name.
var differences = map[string]string{
	"binary": "govmomi does not decode base64Binary, so its VI/JSON has base64 of base64; vCenter's own has base64",
}

func TestEveryEventClassBecomesWhatGovmomiMakesOfIt(t *testing.T) {
	for _, layout := range []vimjson.Layout{vimjson.VIJSON, vimjson.PascalCase} {
		t.Run(layoutNames[layout], func(t *testing.T) {
			t.Parallel()
			tally := map[string]int{}
			total := 0
			classes := eventClasses(t)
			f := newFiller(t, 20261120+uint64(layout))
			for round := 0; total < 10_000; round++ {
				for at := 0; at < len(classes); at += 100 {
					var events []types.BaseEvent
					for _, class := range classes[at:min(at+100, len(classes))] {
						events = append(events, f.event(class))
					}
					hold(t, layout, page(t, events, round%2 == 0), tally)
					total += len(events)
				}
			}
			for name := range tally {
				if differences[name] == "" && name != "bytes equal" {
					t.Errorf("difference %q has no reason", name)
				}
			}
			t.Logf("%d events of %d classes agree with govmomi; %v", total, len(classes), tally)
		})
	}
}

var layoutNames = map[vimjson.Layout]string{vimjson.VIJSON: "VIJSON", vimjson.PascalCase: "PascalCase"}

// hold compares a page with the oracle.
func hold(t *testing.T, layout vimjson.Layout, page []byte, tally map[string]int) {
	t.Helper()
	want, err := decode(page)
	if err != nil {
		t.Fatalf("govmomi: %v", err)
	}
	got, err := read(page, vimjson.Options{Layout: layout})
	if err != nil {
		t.Fatalf("%v, after %d events of %d", err, len(got), len(want))
	}
	if len(got) != len(want) {
		t.Fatalf("got %d events, want %d", len(got), len(want))
	}
	for i := range want {
		text, err := encode(layout, want[i])
		if err != nil {
			t.Fatalf("encode with govmomi: %v", err)
		}
		if err := same(got[i].Data, text, layout, tally); err != nil {
			t.Fatalf("event %d: %v\ngot  %s\nwant %s", i, err, got[i].Data, text)
		}
		if bytes.Equal(got[i].Data, bytes.TrimSpace(text)) {
			tally["bytes equal"]++
		}
		if diff := header(got[i], want[i]); diff != "" {
			t.Fatalf("event %d: %s", i, diff)
		}
	}
}

func header(got vimjson.Event, want types.BaseEvent) string {
	head := want.GetEvent()
	expected := vimjson.Event{Key: head.Key, Created: head.CreatedTime.UTC(), User: head.UserName, Data: got.Data}
	expected.Class = reflect.Indirect(reflect.ValueOf(want)).Type().Name()
	if head.Key == 0 || head.CreatedTime.IsZero() {
		expected.Flaw = got.Flaw // it may be missing, which govmomi does not tell
	}
	switch e := want.(type) {
	case *types.EventEx:
		expected.TypeID, expected.Severity = e.EventTypeId, e.Severity
	case *types.ExtendedEvent:
		expected.TypeID = e.EventTypeId
	}
	if head.Vm != nil {
		expected.VM = event.Ref{Type: head.Vm.Vm.Type, Value: head.Vm.Vm.Value}
	}
	if head.Host != nil {
		expected.Host = event.Ref{Type: head.Host.Host.Type, Value: head.Host.Host.Value}
	}
	if head.Dvs != nil {
		expected.Dvs = event.Ref{Type: head.Dvs.Dvs.Type, Value: head.Dvs.Dvs.Value}
	}
	if head.Net != nil {
		expected.Net = event.Ref{Type: head.Net.Network.Type, Value: head.Net.Network.Value}
	}
	if head.Ds != nil {
		expected.Ds = event.Ref{Type: head.Ds.Datastore.Type, Value: head.Ds.Datastore.Value}
	}
	if head.ComputeResource != nil {
		ref := head.ComputeResource.ComputeResource
		expected.ComputeResource = event.Ref{Type: ref.Type, Value: ref.Value}
	}
	if head.Datacenter != nil {
		expected.Datacenter = event.Ref{Type: head.Datacenter.Datacenter.Type, Value: head.Datacenter.Datacenter.Value}
	}
	if !reflect.DeepEqual(got, expected) {
		return fmt.Sprintf("header\ngot  %+v\nwant %+v", got, expected)
	}
	return ""
}

// same compares two JSON texts deeply.
func same(got, want []byte, layout vimjson.Layout, tally map[string]int) error {
	a, err := parse(got)
	if err != nil {
		return err
	}
	b, err := parse(want)
	if err != nil {
		return err
	}
	return equal("", a, b, layout, tally)
}

func parse(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	err := decoder.Decode(&v)
	return v, err
}

func equal(path string, got, want any, layout vimjson.Layout, tally map[string]int) error {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			break
		}
		for name := range got {
			if _, ok := want[name]; !ok {
				return fmt.Errorf("%s.%s is too much", path, name)
			}
		}
		for name := range want {
			if _, ok := got[name]; !ok {
				return fmt.Errorf("%s.%s is missing", path, name)
			}
			if err := equal(path+"."+name, got[name], want[name], layout, tally); err != nil {
				return err
			}
		}
		return nil
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			break
		}
		for i := range want {
			if err := equal(path+"["+strconv.Itoa(i)+"]", got[i], want[i], layout, tally); err != nil {
				return err
			}
		}
		return nil
	case json.Number:
		if got, ok := got.(json.Number); ok && sameNumber(got, want) {
			return nil
		}
	case string:
		if text, ok := got.(string); ok && layout == vimjson.VIJSON && text != "" && base64.StdEncoding.EncodeToString([]byte(text)) == want {
			tally["binary"]++
			return nil
		}
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s is %#v, want %#v", path, got, want)
	}
	return nil
}

func sameNumber(a, b json.Number) bool {
	x, _ := a.Float64()
	y, _ := b.Float64()
	return a == b || x == y && strings.ContainsAny(string(a)+string(b), ".e")
}
