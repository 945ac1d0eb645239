package vimjson_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

const (
	vm        = `<vm><name>a</name><vm type="VirtualMachine">vm-1</vm></vm>`
	argument  = `<arguments><key>a</key><value xsi:type="xsd:int">1</value></arguments>`
	elsewhere = ` xmlns:xsi="urn:other"`
)

// turns are places where the short cut through an event has to give way to the long way.
var turns = map[string]string{
	"CDATA between elements":       returned("EventEx", "<![CDATA[<key>1</key>]]>"+head+"<![CDATA[<userName>a</userName>]]>"+argument),
	"CDATA in a leaf":              returned("EventEx", head+"<message><![CDATA[</message>]]></message>"+argument),
	"comment in a leaf":            returned("EventEx", head+"<message>a<!-- </message> --></message>"+argument),
	"comment between elements":     returned("EventEx", head+"<!-- <message>a</message> -->"+argument),
	"empty object":                 returned("EventEx", head+`<vm/><host/><arguments/>`+argument),
	"empty object before its like": returned("VmMigratedEvent", head+`<vm/>`+vm),
	"empty object before a part":   returned("VmMigratedEvent", head+`<vm/><name>a</name><host/><host type="HostSystem">host-1</host>`),
	"empty leaf":                   returned("EventEx", head+`<fullFormattedMessage/><message/>`+argument),
	"empty answer":                 `</ReadNextEventsResponse><ReadNextEventsResponse/>` + returned("EventEx", head) + `<ReadNextEventsResponse>`,
	"end tag with a space":         returned("EventEx", strings.ReplaceAll(head+vm+argument, "</", "</ ")) + returned("EventEx", strings.ReplaceAll(head+vm+argument, ">", " >")),
	"end tag of another":           returned("EventEx", head+`<message>a</massage>`+argument),
	"end tag of a longer name":     returned("EventEx", head+`<message>a</messages>`+argument),
	"end tag of a shorter name":    returned("EventEx", head+`<fullFormattedMessage>a</fullFormattedMessag>`+argument),
	"end tag that only begins so":  returned("EventEx", head+`<fullFormattedMessage>a</fullFormattedXessage>`+argument),
	"longer name":                  returned("EventEx", head+`<fullFormattedMessages>a</fullFormattedMessages><keys>1</keys>`),
	"name that only begins so":     returned("EventEx", head+`<fullFormattedXessage>a</fullFormattedXessage>`),
	"name that ends so":            returned("EventEx", head+`<fullFormattedMassage>a</fullFormattedMassage>`),
	"attribute of a leaf":          returned("EventEx", strings.Replace(head, "<key>", `<key a="b">`, 1)+`<message xsi:type="xsd:int">1</message>`),
	"attribute of an object":       returned("EventEx", head+strings.Replace(vm, "<vm>", `<vm xsi:type="VmEventArgument">`, 1)),
	"nil":                          returned("EventEx", head+`<vm xsi:nil="true"/><message xsi:nil="true"></message>`+argument+argument),
	"reference in single quotes":   returned("EventEx", head+strings.ReplaceAll(vm, `"`, `'`)),
	"reference with two spaces":    returned("EventEx", head+strings.ReplaceAll(vm, ` type`, `  type`)),
	"reference with a guid":        returned("EventEx", head+strings.ReplaceAll(vm, `">`, `" serverGuid="a">`)),
	"reference without type":       returned("EventEx", head+strings.ReplaceAll(vm, ` type="VirtualMachine"`, ``)),
	"odd reference type":           returned("EventEx", head+strings.ReplaceAll(vm, `VirtualMachine`, `a&lt;b\>c`)),
	"odd reference value":          returned("EventEx", head+strings.ReplaceAll(vm, `vm-1`, `a&lt;b\>c`)),
	"odd reference, then a good":   returned("VmMigratedEvent", head+strings.ReplaceAll(vm, `vm-1`, `a&amp;b`)+strings.ReplaceAll(vm, "vm>", "host>")),
	"reference with a child":       returned("EventEx", head+strings.ReplaceAll(vm, `vm-1`, `vm<a>1</a>-2`)),
	"empty reference":              returned("EventEx", head+`<vm><name/><vm type=""></vm></vm><host><host type="a"/></host>`),
	"odd text":                     returned("EventEx", strings.ReplaceAll(head, "root", "A\\b\"c'd&amp;&#228;\x01\r\n")),
	"odd numbers":                  returned("EventEx", strings.ReplaceAll(head, "7", "007")+argument) + returned("EventEx", strings.ReplaceAll(head, "7", "1234567890")),
	"large key":                    returned("EventEx", strings.ReplaceAll(head, "7", "999999999")) + returned("EventEx", strings.ReplaceAll(head, "7", "-2147483648")),
	"odd times":                    returned("EventEx", strings.Replace(head, "2026-11-20", "2026-02-29", 1)) + returned("EventEx", strings.Replace(head, "10:12", "24:12", 1)),
	"last day":                     returned("EventEx", strings.Replace(head, "2026-11-20", "2024-02-29", 1)) + returned("EventEx", strings.Replace(head, "2026-11-20", "2026-12-31", 1)),
	"small numbers":                returned("EventEx", head+strings.ReplaceAll(argument, "xsd:int", "xsd:byte")+strings.ReplaceAll(argument, "xsd:int\">1", "xsd:byte\">300")),
	"other order":                  returned("EventEx", vm+argument+head+argument),
	"twice":                        returned("EventEx", head+head+vm+vm+argument),
	"array in pieces":              returned("EventEx", head+argument+`<message>a</message>`+argument),
	"far apart":                    returned("EventEx", `<key>1</key>`+argument+`<createdTime>2026-11-20T10:12:24Z</createdTime>`),
	"xsi is something else":        returned("EventEx", head+strings.Replace(argument, "<arguments>", "<arguments"+elsewhere+">", 1)+argument),
	"xsi is something else here":   returned("EventEx", head+strings.Replace(argument, "<value", "<value"+elsewhere, 1)+argument),
	"xsi is something else before": strings.Replace(returned("EventEx", head+argument), " xsi", elsewhere+" xsi", 1) + returned("EventEx", head+argument),
	"xsi is something else around": `<returnval xmlns:a="http://www.w3.org/2001/XMLSchema-instance" a:type="EventEx"` + elsewhere + `>` + head +
		strings.Replace(argument, "<arguments>", `<arguments xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`, 1) + argument + `</returnval>`,
	"type with spaces":    strings.Replace(returned("EventEx", head+strings.Replace(argument, "xsd:int", " xsd:int ", 1)), "EventEx", " EventEx\n", 1),
	"odd type":            returned("Event&amp;Ex", head+argument) + returned("vim25:EventEx", head) + returned("", head),
	"event in an event":   returned("EventEx", head+returned("EventEx", head)+argument),
	"event without type":  `<returnval>` + head + argument + `</returnval>`,
	"empty event":         `<returnval xsi:type="EventEx"/>` + returned("EventEx", head),
	"text between events": "a" + returned("EventEx", head) + "b<![CDATA[" + returned("EventEx", head) + "]]>",
	"other class's field": returned("VmPoweredOnEvent", head+argument+`<template>true</template>`),
	"cut":                 `<returnval xsi:type="EventEx">` + head + `<message>a`,
}

func TestTheShortCutMakesTheSameOfAnEvent(t *testing.T) {
	for name, text := range turns {
		t.Run(name, func(t *testing.T) { bothWays(t, body(text)) })
	}
	for _, text := range agreed {
		bothWays(t, body(text))
	}
	for _, d := range meant {
		bothWays(t, body(d.content))
	}
}

func TestTheShortCutMakesTheSameOfEachCharacter(t *testing.T) {
	for c := range 256 {
		var text strings.Builder
		for n := range 20 {
			for _, around := range []string{"a", "\x7f", " ", "]", "ä"} {
				odd := strings.Repeat(around, n) + string([]byte{byte(c)}) + strings.Repeat(around, 20-n)
				text.WriteString(returned("EventEx", head+`<fullFormattedMessage>`+odd+`</fullFormattedMessage>`))
			}
		}
		bothWays(t, body(text.String()))
	}
}

// Pieces of a CDATA section that is longer than the window may begin with what looks like an element.
func TestTheShortCutDoesNotEnterCDATA(t *testing.T) {
	const inside = "<key>1</key>"
	for n := range inside {
		filled := strings.Repeat(" ", n) + strings.Repeat(inside, 10_000)
		bothWays(t, body(returned("EventEx", "<![CDATA["+filled+"]]>"+head)))
		bothWays(t, body("<![CDATA["+strings.ReplaceAll(filled, "key>", "a>")+returned("EventEx", head)+"]]>"))
	}
}

func TestTheShortCutMakesTheSameOfDamagedPages(t *testing.T) {
	random := rand.New(rand.NewPCG(20261120, 3))
	f := newFiller(t, 7)
	classes := eventClasses(t)
	for range 20 {
		var events []types.BaseEvent
		for range 3 {
			events = append(events, f.event(classes[random.IntN(len(classes))]))
		}
		whole := page(t, events, false)
		for range 50 {
			bothWays(t, damage(whole, random))
		}
	}
}

var debris = []string{
	"<", ">", "/", "</", "/>", "\"", "'", "=", "&", ";", " ", "\n", ":", "\x00", "é", "&amp;", "<!-- -->", "<![CDATA[", "]]>", "<![CDATA[a]]>", "<?a?>",
	"<key>1</key>", "<vm/>", "</vm>", vm, argument, elsewhere, ` xsi:type="xsd:int"`, ` type="a"`, ` xsi:nil="true"`, "-0", "1e9", "\\",
}

// damage makes up to three mistakes behind the head of the page.
func damage(page []byte, random *rand.Rand) []byte {
	begin := len(envelope)
	for range 1 + random.IntN(3) {
		at := begin + random.IntN(len(page)-begin)
		until := at
		if random.IntN(2) == 0 {
			until = min(at+1+random.IntN(20), len(page))
		}
		added := ""
		if random.IntN(4) > 0 {
			added = debris[random.IntN(len(debris))]
		}
		page = append(append(bytes.Clone(page[:at]), added...), page[until:]...)
	}
	return page
}

// bothWays reads a page as it is, and byte by byte so that there is never an element whole in the window.
func bothWays(t *testing.T, text []byte) {
	t.Helper()
	for options, readers := range ways {
		got, err := all(readers[0], bytes.NewReader(text))
		want, wantErr := all(readers[1], iotest.OneByteReader(bytes.NewReader(text)))
		if !sameKind(err, wantErr) {
			t.Fatalf("%+v: got %v after %d events, the long way %v after %d, of %s", options, err, len(got), wantErr, len(want), text)
		}
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("%+v: event %d differs of %s\ngot  %+v\nwant %+v", options, i, text, got[i:], want[i:])
			}
		}
	}
}

var ways = func() map[vimjson.Options][2]*vimjson.Reader {
	ways := map[vimjson.Options][2]*vimjson.Reader{}
	for _, options := range []vimjson.Options{{}, {Layout: vimjson.PascalCase}, {MaxDepth: 2}, {MaxDepth: 3}} {
		ways[options] = [2]*vimjson.Reader{vimjson.NewReader(nil, options), vimjson.NewReader(nil, options)}
	}
	return ways
}()

// all reads behind events that are too deep, too.
func all(reader *vimjson.Reader, in io.Reader) ([]vimjson.Event, error) {
	reader.Reset(in)
	var events []vimjson.Event
	for {
		e, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return events, nil
		case errors.Is(err, vimjson.ErrTooDeep):
			var broken *vimjson.EventError
			if !errors.As(err, &broken) {
				return events, err
			}
			events = append(events, broken.Event)
		case err != nil:
			return events, err
		default:
			events = append(events, e)
		}
	}
}

// sameKind does not ask what is wrong with a broken page: that depends on how much of it was seen at once.
func sameKind(a, b error) bool {
	return (a == nil) == (b == nil) && errors.Is(a, vimjson.ErrTooLarge) == errors.Is(b, vimjson.ErrTooLarge)
}
