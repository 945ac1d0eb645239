package vimjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"

	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// FuzzPage feeds whole bodies.
func FuzzPage(f *testing.F) {
	events := newFiller(f, 5)
	for _, class := range []string{"VmPoweredOnEvent", "EventEx", "ExtendedEvent"} {
		f.Add(page(f, []types.BaseEvent{events.event(typeOf(f, class))}, true))
		f.Add(page(f, []types.BaseEvent{events.event(typeOf(f, class))}, false))
	}
	f.Add([]byte(envelope + `<soapenv:Fault><faultcode>a</faultcode><detail><InvalidStateFault/></detail></soapenv:Fault>` + closing))
	f.Add([]byte(`<html><body>503</body></html>`))
	f.Fuzz(probe)
}

// FuzzEvent feeds what stands between the tags of a page's returnvals.
func FuzzEvent(f *testing.F) {
	for _, text := range agreed {
		f.Add(text)
	}
	for _, d := range meant {
		f.Add(d.content)
	}
	f.Fuzz(func(t *testing.T, text string) { probe(t, body(text)) })
}

// FuzzHeader feeds the values of the fields that the relay reads.
func FuzzHeader(f *testing.F) {
	f.Add("7", "2026-11-20T10:12:24.046512Z", "VSPHERE.LOCAL\\Administrator", "VirtualMachine", "vm-62")
	f.Add(" -2147483648 ", "2026-11-20T10:12:24+02:00", "&amp;<![CDATA[x]]>", "&#65;", "")
	f.Add("+1", "0000-02-29T23:59:59.999999999Z", "<a/>", "a>b", "&lt;")
	f.Fuzz(func(t *testing.T, key, created, user, class, value string) {
		probe(t, body(returned("VmPoweredOnEvent", "<key>"+key+"</key><createdTime>"+created+"</createdTime><userName>"+user+
			`</userName><vm><vm type="`+class+`">`+value+"</vm></vm>")))
	})
}

// probe holds what is true for any input: no panic, valid JSON and XML, the same however the input comes; and the same events
// as govmomi's wherever govmomi takes the page.
func probe(t *testing.T, text []byte) {
	got, err := read(text, vimjson.Options{MaxEvent: 1 << 20})
	for _, e := range got {
		if !json.Valid(e.Data) {
			t.Fatalf("no JSON: %s", e.Data)
		}
	}
	halves(t, text, got)
	bothWays(t, text)
	old, _ := read(text, vimjson.Options{MaxEvent: 1 << 20, Layout: vimjson.PascalCase})
	for i, e := range old {
		if !json.Valid(e.Data) {
			t.Fatalf("no JSON: %s", e.Data)
		}
		if i < len(got) && (e.Key != got[i].Key || !e.Created.Equal(got[i].Created) || e.Entity() != got[i].Entity()) {
			t.Fatalf("layouts differ: %+v\n%+v", e, got[i])
		}
	}
	marked, _ := read(text, vimjson.Options{MaxEvent: 1 << 20, Layout: vimjson.XML})
	for i, e := range marked {
		tokens(t, e.Data)
		if i < len(got) && (e.Key != got[i].Key || !e.Created.Equal(got[i].Created) || e.Entity() != got[i].Entity()) {
			t.Fatalf("layouts differ: %+v\n%+v", e, got[i])
		}
	}
	if want, ok := judged(text); ok {
		agree(t, got, err, want)
	}
}

// halves reads the page in two pieces, cut in its middle: nothing may depend on where a read ends.
func halves(t *testing.T, text []byte, want []vimjson.Event) {
	in := io.MultiReader(bytes.NewReader(text[:len(text)/2]), bytes.NewReader(text[len(text)/2:]))
	reader := vimjson.NewReader(in, vimjson.Options{MaxEvent: 1 << 20})
	for i := range want {
		if e, err := reader.Next(); err != nil || !bytes.Equal(e.Data, want[i].Data) {
			t.Fatalf("event %d comes otherwise in two pieces: %v\n%s\n%s", i, err, e.Data, want[i].Data)
		}
	}
}

// judged decodes with govmomi. Input on which govmomi panics or does not end is not judged.
func judged(text []byte) (events []types.BaseEvent, ok bool) {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, false // inside of a ByteSlice govmomi would not notice
		}
		if start, ok := token.(xml.StartElement); ok {
			for _, a := range start.Attr {
				if strings.HasSuffix(a.Value, "FaultFault") || strings.Contains(a.Value, "Base") {
					return nil, false // recursion without end
				}
			}
		}
	}
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	events, err := decode(text)
	return events, err == nil
}

func agree(t *testing.T, got []vimjson.Event, err error, want []types.BaseEvent) {
	if err != nil || len(got) != len(want) {
		if errors.Is(err, vimjson.ErrTooDeep) || errors.Is(err, vimjson.ErrNotSOAP) {
			return // limits that govmomi does not have; bodies that it takes for a page without looking
		}
		t.Fatalf("got %d events and %v, govmomi has %d", len(got), err, len(want))
	}
	for i, base := range want {
		if base == nil {
			continue // a class that govmomi does not know
		}
		head := base.GetEvent()
		if got[i].Key != head.Key || !got[i].Created.Equal(head.CreatedTime) || got[i].User != head.UserName {
			t.Fatalf("event %d: got %d %v %q, govmomi has %d %v %q", i, got[i].Key, got[i].Created, got[i].User, head.Key, head.CreatedTime, head.UserName)
		}
	}
}
