package vimjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// agreed are odd ways to write an event that govmomi takes, so both have to make the same of them.
var agreed = map[string]string{
	"single quotes":                `<returnval xsi:type='VmPoweredOnEvent'>` + head + `</returnval>`,
	"spaces in tags":               "<returnval\n xsi:type = \"VmPoweredOnEvent\"\t>" + head + "</returnval \n>",
	"CDATA":                        returned("VmPoweredOnEvent", head+`<fullFormattedMessage><![CDATA[a<b>&amp;]]>&amp;<![CDATA[]]]]><![CDATA[>]]></fullFormattedMessage>`),
	"comments":                     returned("VmPoweredOnEvent", `<!-- <key>1</key> -->`+head+`<changeTag>a<!-- - -->b</changeTag><!---->`),
	"comment in a number":          returned("VmPoweredOnEvent", strings.Replace(head, "7", "1<!-- -->2", 1)),
	"instructions":                 returned("VmPoweredOnEvent", `<?target <key>?>`+head+`<changeTag>a<?b?>c</changeTag>`),
	"character references":         returned("VmPoweredOnEvent", head+`<changeTag>&#65;&#x42;&#x1F600;&quot;&apos;&lt;&gt;&#10;&#13;&#9;</changeTag>`),
	"references in a number":       returned("VmPoweredOnEvent", strings.Replace(head, "7", "&#55;", 1)),
	"line ends":                    returned("VmPoweredOnEvent", head+"<changeTag>a\r\nb\rc\nd&#13;&#10;</changeTag>"),
	"name space redefined":         `<returnval xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="VmPoweredOnEvent">` + head + `</returnval>`,
	"declared behind its use":      `<returnval x:type="VmPoweredOnEvent" xmlns:x="http://www.w3.org/2001/XMLSchema-instance">` + head + `</returnval>`,
	"xsi is something else":        `<returnval xmlns:xsi="urn:other" xsi:type="VmPoweredOnEvent">` + head + `</returnval>`,
	"xsi is something else within": returned("VmPoweredOnEvent", head+`<vm xmlns:xsi="urn:a"><vm xsi:type="VirtualMachine">vm-1</vm></vm>`),
	"xsi is something else before": returned("EventEx", head+`<vm xmlns:xsi="urn:a"><vm xsi:type="A">vm-1</vm></vm><arguments><key>a</key><value xsi:type="xsd:int">1</value></arguments>`),
	"zeros in a fraction":          returned("VmPoweredOnEvent", strings.Replace(head, ".5Z", ".500000Z", 1)),
	"fraction of zeros":            returned("VmPoweredOnEvent", strings.Replace(head, ".5Z", ".000Z", 1)),
	"zeros before the fraction":    returned("VmPoweredOnEvent", strings.Replace(head, "24.5Z", "20.0050Z", 1)),
	"no fraction":                  returned("VmPoweredOnEvent", strings.Replace(head, "24.5Z", "20Z", 1)),
	"prefixed elements":            `<v:returnval xmlns:v="urn:vim25" xsi:type="VmPoweredOnEvent">` + strings.NewReplacer("</", "</v:", "<", "<v:").Replace(head) + `</v:returnval>`,
	"two types":                    `<returnval type="a" xsi:type="VmPoweredOnEvent">` + head + `</returnval>`,
	"reference with both types":    returned("VmPoweredOnEvent", head+`<vm><vm xsi:type="ManagedObjectReference" type="VirtualMachine">vm-1</vm></vm>`),
	"serverGuid":                   returned("VmPoweredOnEvent", head+`<vm><vm serverGuid='&lt;a"' type="VirtualMachine">vm-1</vm></vm>`),
	"reference without type":       returned("VmPoweredOnEvent", head+`<vm><vm>vm-1</vm></vm>`),
	"empty elements":               returned("VmPoweredOnEvent", head+`<vm/><host></host><template/><changeTag/>`),
	"no type":                      `<returnval>` + head + `</returnval>`,
	"empty type":                   `<returnval xsi:type="">` + head + `</returnval>`,
	"nothing":                      `<returnval xsi:type="VmPoweredOnEvent"/>`,
	"no events":                    ``,
	"order":                        `<returnval xsi:type="VmPoweredOnEvent"><template>true</template><userName>a</userName><createdTime>2026-11-20T10:12:24Z</createdTime><key>1</key></returnval>`,
	"numbers":                      returned("VmPoweredOnEvent", strings.NewReplacer("<key>7", "<key>+7", "<chainId>7", "<chainId> -007\n").Replace(head)+`<template> 1 </template>`),
	"zeros before a number":        returned("VmPoweredOnEvent", strings.Replace(head, "<chainId>7", "<chainId>007", 1)),
	"a field twice":                returned("VmPoweredOnEvent", "<key>1</key><userName>a</userName>"+head),
	"child in text":                returned("VmPoweredOnEvent", head+`<changeTag>a<b>c<d/></b>e</changeTag>`),
	"text between elements":        returned("VmPoweredOnEvent", " a "+head+" b "),
	"time zone":                    returned("VmPoweredOnEvent", strings.Replace(head, ".5Z", ".500+02:00", 1)),
	"time of zone zero":            returned("VmPoweredOnEvent", strings.Replace(head, ".5Z", ".000-00:00", 1)),
	"long fraction":                returned("VmPoweredOnEvent", strings.Replace(head, ".5Z", ".1234567891234Z", 1)),
	"leap day":                     returned("VmPoweredOnEvent", strings.Replace(head, "2026-11-20", "2028-02-29", 1)),
	"array apart":                  returned("EventEx", head+`<arguments><key>a</key><value xsi:type="xsd:int">1</value></arguments><message>m</message><arguments><key>b</key><value xsi:type="xs:int">2</value></arguments>`),
	"bytes apart": returned("VmPoweredOnEvent", head) + returned("HostSpecificationUpdateEvent", head+`<hostSpec><createdTime>2026-11-20T10:12:24Z</createdTime><host type="a">b</host><subSpecs><data>-1</data><name>n</name><data>2</data>`+
		`<createdTime>2026-11-20T10:12:24Z</createdTime></subSpecs></hostSpec>`),
	"anyType": returned("EventEx", head+`<arguments><key>a</key><value xsi:type="ArrayOfString"><string>x</string><string/></value></arguments>`+
		`<arguments><key>b</key><value/></arguments><arguments><key>b</key></arguments>`+
		`<arguments><key>c</key><value xsi:type="ManagedObjectReference" type="Folder">group-d1</value></arguments>`+
		`<arguments><key>d</key><value xsi:type="VirtualMachinePowerState">poweredOn</value></arguments>`+
		`<arguments><key>e</key><value xsi:type="xsd:int"/></arguments><arguments><key>f</key><value xsi:type="string">s</value></arguments>`),
	"fault in a fault":                returned("EventEx", head+`<fault><fault xsi:type="InvalidState"><faultCause><fault xsi:type="NotFound"/></faultCause></fault><localizedMessage>m</localizedMessage></fault>`),
	"fields that have to come do not": returned("ExtendedEvent", head),
	"base without type":               returned("EventEx", head+`<fault><fault><faultCause/></fault></fault>`),
}

func TestOddWaysToWriteAnEventMeanWhatTheyMeanToGovmomi(t *testing.T) {
	for name, text := range agreed {
		for layout, layoutName := range layoutNames {
			t.Run(name+"/"+layoutName, func(t *testing.T) { hold(t, layout, body(text), map[string]int{}) })
		}
	}
}

const (
	drops  = "govmomi drops it"
	fails  = "govmomi fails on the whole page"
	panics = "govmomi panics"
	other  = "govmomi makes something else of it"
)

// meant are the differences from govmomi that are right: what govmomi does, and what comes here.
var meant = map[string]struct{ govmomi, content, want string }{
	"unknown class": {
		drops, returned("VmTeleportedEvent", head+`<target type="HostSystem">host-1</target>`),
		`{"_typeName":"VmTeleportedEvent",HEAD,"target":{"_typeName":"ManagedObjectReference","type":"HostSystem","value":"host-1"}}`,
	},
	"unknown class with another prefix": {
		drops, returned("vim26:VmTeleportedEvent", head), `{"_typeName":"VmTeleportedEvent",HEAD}`,
	},
	"known class with another prefix": {
		drops, returned("vim26:GeneralEvent", head+`<message>m</message>`), `{"_typeName":"GeneralEvent",HEAD,"message":"m"}`,
	},
	"unknown field": {
		other, returned("GeneralEvent", head+`<message>m</message><a>1</a><b><c>2</c><c>3</c><d/></b><a>&lt;</a>`),
		`{"_typeName":"GeneralEvent",HEAD,"message":"m","a":["1","\u003c"],"b":{"c":["2","3"],"d":null}}`,
	},
	"unknown field with a type": {
		other, returned("GeneralEvent", head+`<message>m</message><a xsi:type="xsd:long">1</a><b xsi:type="KeyValue"><key>k</key><value>v</value></b>`),
		`{"_typeName":"GeneralEvent",HEAD,"message":"m","a":{"_typeName":"long","_value":1},"b":{"_typeName":"KeyValue","key":"k","value":"v"}}`,
	},
	"unknown field with the name of a discriminator": {
		other, returned("GeneralEvent", head+`<message>m</message><_typeName>x</_typeName><_value>y</_value>`),
		`{"_typeName":"GeneralEvent",HEAD,"message":"m","_typeName_":"x","_value_":"y"}`,
	},
	"unknown types as values": {
		other, returned("EventEx", head+`<eventTypeId>e</eventTypeId><arguments><key>k</key><value xsi:type="Odd"><a>1</a></value></arguments>`+
			`<arguments><key>l</key><value xsi:type="xsd:anyURI">http://a</value></arguments><arguments><key>m</key><value>text</value></arguments>`+
			`<arguments><key>n</key><value xsi:type="Odd"/></arguments>`),
		`{"_typeName":"EventEx",HEAD,"eventTypeId":"e","arguments":[{"_typeName":"KeyAnyValue","key":"k","value":{"_typeName":"Odd","a":"1"}},` +
			`{"_typeName":"KeyAnyValue","key":"l","value":{"_typeName":"anyURI","_value":"http://a"}},{"_typeName":"KeyAnyValue","key":"m","value":"text"},` +
			`{"_typeName":"KeyAnyValue","key":"n","value":{"_typeName":"Odd"}}]}`,
	},
	"type that is an interface to govmomi": { // decoding it does not end there
		"", returned("EventEx", head+`<eventTypeId>e</eventTypeId><fault><fault xsi:type="MethodFaultFault"><a>1</a></fault></fault>`),
		`{"_typeName":"EventEx",HEAD,"eventTypeId":"e","fault":{"_typeName":"LocalizedMethodFault","fault":{"_typeName":"MethodFaultFault","a":"1"}}}`,
	},
	"type that does not fit": {
		panics, returned("EventEx", head+`<eventTypeId>e</eventTypeId><fault><fault xsi:type="xsd:int">1</fault></fault>`),
		`{"_typeName":"EventEx",HEAD,"eventTypeId":"e","fault":{"_typeName":"LocalizedMethodFault","fault":{"_typeName":"int","_value":1}}}`,
	},
	"value that is none": {
		fails, returned("GeneralEvent", strings.Replace(head, "<chainId>7", "<chainId>seven", 1)+`<message>m</message>`),
		`{"_typeName":"GeneralEvent","key":7,"chainId":"seven","createdTime":"2026-11-20T10:12:24.5Z","userName":"root","message":"m"}`,
	},
	"number too large": {
		fails, returned("GeneralEvent", strings.Replace(head, "<chainId>7", "<chainId>2147483648", 1)+`<message>m</message>`),
		`{"_typeName":"GeneralEvent","key":7,"chainId":"2147483648","createdTime":"2026-11-20T10:12:24.5Z","userName":"root","message":"m"}`,
	},
	"number too large for a byte": {
		fails, returned("EventEx", head+`<eventTypeId>e</eventTypeId><arguments><key>k</key><value xsi:type="xsd:byte">300</value></arguments>`),
		`{"_typeName":"EventEx",HEAD,"eventTypeId":"e","arguments":[{"_typeName":"KeyAnyValue","key":"k","value":{"_typeName":"int8","_value":"300"}}]}`,
	},
	"almost a number": {
		fails, returned("GeneralEvent", strings.Replace(head, "<chainId>7", "<chainId>1:", 1)+`<message>m</message>`),
		`{"_typeName":"GeneralEvent","key":7,"chainId":"1:","createdTime":"2026-11-20T10:12:24.5Z","userName":"root","message":"m"}`,
	},
	"number that is not finite": {
		other, returned("EventEx", head+`<eventTypeId>e</eventTypeId><arguments><key>k</key><value xsi:type="xsd:double">NaN</value></arguments>`),
		`{"_typeName":"EventEx",HEAD,"eventTypeId":"e","arguments":[{"_typeName":"KeyAnyValue","key":"k","value":{"_typeName":"double","_value":"NaN"}}]}`,
	},
	"illegal characters": {
		fails, returned("GeneralEvent", head+"<message>a\x00b\x1bc&#0;d&#xFFFE;e&#xD800;</message>"),
		`{"_typeName":"GeneralEvent",HEAD,"message":"a\ufffdb\ufffdc\ufffdd\ufffde\ufffd"}`,
	},
	"bytes that are not UTF-8": {
		fails, returned("GeneralEvent", head+"<message>a\xff\xc3\xe2\x82b</message>"),
		`{"_typeName":"GeneralEvent",HEAD,"message":"a\ufffd\ufffd\ufffd\ufffdb"}`,
	},
	"ampersands that begin nothing": {
		fails, returned("GeneralEvent", head+"<message>R&D & &nbsp; &#; &#x; &;</message>"),
		`{"_typeName":"GeneralEvent",HEAD,"message":"R\u0026D \u0026 \u0026nbsp; \u0026#; \u0026#x; \u0026;"}`,
	},
	"end of CDATA in text": {
		fails, returned("GeneralEvent", head+"<message>a]]>b</message>"), `{"_typeName":"GeneralEvent",HEAD,"message":"a]]\u003eb"}`,
	},
	"base64": {
		other, returned("EventEx", head+`<eventTypeId>e</eventTypeId><arguments><key>k</key><value xsi:type="xsd:base64Binary">aGVs
 bG8=</value></arguments>`),
		`{"_typeName":"EventEx",HEAD,"eventTypeId":"e","arguments":[{"_typeName":"KeyAnyValue","key":"k","value":{"_typeName":"binary","_value":"aGVsbG8="}}]}`,
	},
	"xsi:nil": {
		other, returned("GeneralEvent", head+`<message>m</message><vm xsi:nil="true"/><changeTag xsi:nil="1"/>`), `{"_typeName":"GeneralEvent",HEAD,"message":"m"}`,
	},
	"single object twice": {
		other, returned("GeneralEvent", head+`<message>m</message><vm><name>a</name><vm type="T">v</vm></vm><vm><name>b</name></vm>`),
		`{"_typeName":"GeneralEvent",HEAD,"message":"m","vm":{"_typeName":"VmEventArgument","name":"b","vm":{"_typeName":"ManagedObjectReference","type":"","value":""}}}`,
	},
}

func TestDifferencesFromGovmomiAreMeant(t *testing.T) {
	const headJSON = `"key":7,"chainId":7,"createdTime":"2026-11-20T10:12:24.5Z","userName":"root"`
	for name, d := range meant {
		t.Run(name, func(t *testing.T) {
			got := one(t, d.content, vimjson.Options{})
			want := strings.Replace(d.want, "HEAD", headJSON, 1)
			if err := same(got.Data, []byte(want), vimjson.VIJSON, map[string]int{}); err != nil {
				t.Errorf("%v\ngot  %s\nwant %s", err, got.Data, want)
			}
			if got.Key != 7 || got.Flaw != nil {
				t.Errorf("key %d, %v", got.Key, got.Flaw)
			}
			one(t, d.content, vimjson.Options{Layout: vimjson.PascalCase})
			if does := govmomiDoes(d.content, want); does != d.govmomi && d.govmomi != "" {
				t.Errorf("%s, not: %s", does, d.govmomi)
			}
		})
	}
}

// govmomiDoes says what govmomi does with a page, so that a difference that a new version ends is seen.
func govmomiDoes(content, want string) (does string) {
	defer func() {
		if recover() != nil {
			does = panics
		}
	}()
	if strings.Contains(content, "MethodFaultFault") {
		return "" // it recurses until the stack is full
	}
	events, err := decode(body(content))
	if err != nil {
		return fails
	}
	if len(events) != 1 || events[0] == nil {
		return drops
	}
	text, err := encode(vimjson.VIJSON, events[0])
	if err == nil && same([]byte(want), text, vimjson.PascalCase, map[string]int{}) == nil {
		return fmt.Sprintf("govmomi does the same: %s", text)
	}
	return other
}

func TestLongTextIsTheSameInPieces(t *testing.T) {
	f := newFiller(t, 6)
	for range 20 {
		var text, plain strings.Builder
		for text.Len() < 100_000+f.IntN(100_000) {
			piece := []string{"&#228;", "ä", "漢", "😀", "\r\n", "\r", "&amp;", "&#x1F600;", "word", " ", "]]", ">"}[f.IntN(12)]
			text.WriteString(strings.ReplaceAll(piece, ">", "&gt;"))
			plain.WriteString(piece)
		}
		cdata := "<![CDATA[" + strings.ReplaceAll(plain.String(), "]]>", "]]&gt;") + "]]>"
		for _, long := range []string{text.String(), cdata, text.String() + cdata + text.String()} {
			content := returned("GeneralEvent", head+"<message>"+long+"</message>"+"<!--"+strings.Repeat("-a", f.IntN(100_000))+"-->")
			hold(t, vimjson.VIJSON, body(content), map[string]int{})
		}
	}
}
