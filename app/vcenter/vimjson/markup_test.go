package vimjson_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// vsphereSource is the data that VSphereSource sent of an event: it gave govmomi's struct to the CloudEvents SDK.
func vsphereSource(t *testing.T, e types.BaseEvent) []byte {
	t.Helper()
	sent := cloudevents.New()
	if err := sent.SetData(cloudevents.ApplicationXML, e); err != nil {
		t.Fatal(err)
	}
	return sent.Data()
}

func TestEveryEventClassIsTheXMLThatVSphereSourceSent(t *testing.T) {
	classes, f := eventClasses(t), newFiller(t, 20261121)
	total, equal := 0, 0
	for round := 0; total < 10_000; round++ {
		for at := 0; at < len(classes); at += 100 {
			var events []types.BaseEvent
			for _, class := range classes[at:min(at+100, len(classes))] {
				events = append(events, f.event(class))
			}
			total += len(events)
			equal += holdXML(t, page(t, events, round%2 == 0))
		}
	}
	if equal < total*98/100 {
		t.Errorf("only %d of %d events are equal byte by byte", equal, total)
	}
	t.Logf("%d events of %d classes, %d equal byte by byte", total, len(classes), equal)
}

// holdXML compares a page with the oracle, and counts the events that are equal byte by byte.
func holdXML(t *testing.T, page []byte) (equal int) {
	t.Helper()
	want, err := decode(page)
	if err != nil {
		t.Fatalf("govmomi: %v", err)
	}
	got, err := read(page, vimjson.Options{Layout: vimjson.XML})
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d events of %d, %v", len(got), len(want), err)
	}
	for i := range want {
		if diff := header(got[i], want[i]); diff != "" {
			t.Fatalf("event %d: %s", i, diff)
		}
		sent := vsphereSource(t, want[i])
		if bytes.Equal(got[i].Data, sent) {
			equal++
		} else if !sameXML(t, got[i].Data, sent) {
			t.Fatalf("event %d\ngot  %s\nwant %s", i, got[i].Data, sent)
		}
	}
	return equal
}

// sameXML allows one difference, in elements of bytes: ours hold base64, as vCenter means it. VSphereSource sent octets as
// they were, U+FFFD in the place of most, and base64Binary that is no base64 as it came.
func sameXML(t *testing.T, got, want []byte) bool {
	ours, theirs := tokens(t, got), tokens(t, want)
	if len(ours) != len(theirs) {
		return false
	}
	for i := range ours {
		if reflect.DeepEqual(ours[i], theirs[i]) {
			continue
		}
		text, isText := ours[i].(xml.CharData)
		octets, err := base64.StdEncoding.DecodeString(string(text))
		var sent bytes.Buffer
		if err := xml.EscapeText(&sent, octets); err != nil {
			t.Fatal(err)
		}
		if !isText || err != nil || !reflect.DeepEqual(tokens(t, []byte("<a>"+sent.String()+"</a>"))[1], theirs[i]) {
			return false
		}
	}
	return true
}

// tokens reads XML to its end, as strictly as encoding/xml does.
func tokens(t *testing.T, text []byte) []xml.Token {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(text))
	var all []xml.Token
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("no XML: %v: %s", err, text)
		}
		all = append(all, xml.CopyToken(token))
	}
}

const someEvent = "<key>7</key><chainId>7</chainId><createdTime>2026-11-20T10:12:24.046512Z</createdTime><userName>root</userName>"

func TestWhatGovmomiDoesNotKnowPassesIntoXML(t *testing.T) {
	for name, text := range map[string]struct{ class, in, out string }{
		"a class":                   {"VmTeleportedEvent", `<distance>42</distance>`, `<distance>42</distance>`},
		"a field with children":     {"VmPoweredOnEvent", `<template>true</template><a><b>1</b><b/><c d="e">2</c></a>`, `<template>true</template><a><b>1</b><b></b><c>2</c></a>`},
		"a field that comes twice":  {"VmPoweredOnEvent", `<template>1</template><new>1</new><new>2</new>`, `<template>true</template><new>1</new><new>2</new>`},
		"a type":                    {"EventEx", `<arguments><key>a</key><value xsi:type="NewThing"><x>1</x></value></arguments>`, `<arguments><key>a</key><value><x>1</x></value></arguments>`},
		"a reference":               {"VmTeleportedEvent", `<to type="HostSystem">host-1</to>`, `<to type="HostSystem">host-1</to>`},
		"nothing":                   {"VmTeleportedEvent", `<to/>`, `<to></to>`},
		"empty values of an array":  {"EventEx", `<arguments><key>a</key><value xsi:type="ArrayOfString"><string/><string>b</string></value></arguments>`, `<value><string></string><string>b</string></value>`},
		"octets":                    {"EventEx", `<arguments><key>a</key><value xsi:type="ArrayOfByte"><byte>-1</byte><byte>65</byte></value></arguments>`, `<value><byte>/0E=</byte></value>`},
		"a number that is none":     {"EventEx", `<arguments><key>a</key><value xsi:type="xsd:int">many</value></arguments>`, `<value>many</value>`},
		"what has a null":           {"VmPoweredOnEvent", `<vm xsi:nil="true"/>`, `<template>false</template>`},
		"a name with odd letters":   {"VmTeleportedEvent", `<ä$:b>1</ä$:b><:>2</:>`, `<b>1</b><_>2</_>`},
		"a class with odd letters":  {"Vm&lt;Event", ``, someEvent},
		"a comment and a section":   {"VmTeleportedEvent", `<a><!-- no --><![CDATA[<b>]]></a>`, `<a>&lt;b&gt;</a>`},
		"a member that names types": {"VmTeleportedEvent", `<_typeName>x</_typeName><_value>y</_value>`, `<_typeName_>x</_typeName_><_value_>y</_value_>`},
	} {
		e := oneXML(t, returned(text.class, someEvent+text.in))
		if !strings.Contains(string(e.Data), text.out) || !strings.Contains(string(e.Data), someEvent) || e.Key != 7 {
			t.Errorf("%s: %s", name, e.Data)
		}
	}
}

// oneXML reads a page of one event.
func oneXML(t *testing.T, returnval string) vimjson.Event {
	t.Helper()
	events, err := read(body(returnval), vimjson.Options{Layout: vimjson.XML})
	if err != nil || len(events) != 1 {
		t.Fatalf("got %d events, %v of %s", len(events), err, returnval)
	}
	tokens(t, events[0].Data)
	return events[0]
}

func TestAFieldThatIsNotKnownKeepsItsTextInXML(t *testing.T) {
	e := oneXML(t, returned("VmPoweredOnEvent", someEvent+`<mood>it's "good" &amp; &lt;new&gt;</mood>`))
	var back struct {
		XMLName xml.Name
		Mood    string `xml:"mood"`
	}
	if err := xml.Unmarshal(e.Data, &back); err != nil || back.Mood != `it's "good" & <new>` || back.XMLName.Local != "VmPoweredOnEvent" {
		t.Errorf("%v: %s", err, e.Data)
	}
}

func TestXMLThatIsTooLargeCostsOneEvent(t *testing.T) {
	for name, large := range map[string]string{
		"text":     "<fullFormattedMessage>" + strings.Repeat("'", 30_000) + "</fullFormattedMessage>",
		"elements": "<new><a>" + strings.Repeat("<b/>", 20_000) + "</a></new>",
	} {
		text := returned("VmPoweredOnEvent", someEvent+large) + returned("VmPoweredOffEvent", someEvent)
		for layout, want := range map[vimjson.Layout]error{vimjson.VIJSON: nil, vimjson.XML: vimjson.ErrTooLarge} {
			reader := vimjson.NewReader(bytes.NewReader(body(text)), vimjson.Options{Layout: layout, MaxEvent: 130_000})
			_, err := reader.Next()
			var broken *vimjson.EventError
			if !errors.Is(err, want) || want != nil && (!errors.As(err, &broken) || broken.Event.Key != 7) {
				t.Errorf("%s: the large one: %v, want %v", name, err, want)
			}
			if e, err := reader.Next(); err != nil || e.Class != "VmPoweredOffEvent" {
				t.Errorf("%s: the one behind it: %s, %v", name, e.Class, err)
			}
			if _, err := reader.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("%s: the end: %v", name, err)
			}
		}
	}
}

func TestEventsInXMLStayWhileTheirPageIsInUse(t *testing.T) {
	f := newFiller(t, 8)
	var events []types.BaseEvent
	for range 300 {
		events = append(events, f.event(typeOf(t, "VmReconfiguredEvent")))
	}
	text := page(t, events, false)
	reader := vimjson.NewReader(nil, vimjson.Options{Layout: vimjson.XML, Recycle: true})
	for range 3 {
		reader.Reset(bytes.NewReader(text))
		var got []vimjson.Event
		for range events {
			e, err := reader.Next()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		for i := range got {
			if want := events[i].GetEvent().Key; got[i].Key != want {
				t.Fatalf("event %d has key %d, want %d", i, got[i].Key, want)
			}
			if tokens(t, got[i].Data)[0].(xml.StartElement).Name.Local != "VmReconfiguredEvent" {
				t.Fatalf("event %d is %s", i, got[i].Data)
			}
		}
	}
}

func BenchmarkTranscodeXML(b *testing.B) {
	transcode(b, vimjson.Options{Layout: vimjson.XML, Recycle: true})
}
