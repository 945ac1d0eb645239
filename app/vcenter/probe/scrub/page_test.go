package scrub_test

import (
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/probe/scrub"
)

func TestNoTextOfAnyFieldOfAnyEventClassIsLeft(t *testing.T) {
	texts := 0
	for _, class := range classes(t) {
		page := encode(t, []types.BaseEvent{filled(t, class, &texts)})
		out := scrubbed(t, page)
		for _, trace := range []string{"rger", "hne", "Ã", "10.20", "30.40", "&amp;", "&lt;", base64.StdEncoding.EncodeToString([]byte("Ärger"))[:7]} {
			if at := strings.Index(out, trace); at >= 0 && !isName(out, at) {
				t.Fatalf("%s: %q is left: %s", class.Name(), trace, out[max(0, at-200):min(len(out), at+60)])
			}
		}
		if before, after := shape(t, page), shape(t, []byte(out)); !slices.Equal(before, after) {
			for i := range min(len(before), len(after)) {
				if before[i] != after[i] {
					t.Fatalf("%s: %q became %q", class.Name(), before[i], after[i])
				}
			}
			t.Fatalf("%s: %d parts became %d", class.Name(), len(before), len(after))
		}
		events := decode(t, []byte(out))
		if len(events) != 1 || reflect.TypeOf(events[0]).Elem() != class {
			t.Fatalf("%s: govmomi reads %d events, %T", class.Name(), len(events), events)
		}
	}
	if texts < 5000 {
		t.Errorf("only %d texts were tried", texts)
	}
}

// isName tells a trace in the name of an element or class from one in a text: the hash of a placeholder has letters too.
func isName(out string, at int) bool {
	from := strings.LastIndexAny(out[:at], "<>")
	return from >= 0 && out[from] == '<' || placeholderAt(out, at)
}

// placeholderAt tells that the text around is one word of the letters and digits that placeholders are made of.
func placeholderAt(out string, at int) bool {
	from, to := strings.LastIndexByte(out[:at], '>')+1, at+strings.IndexByte(out[at:], '<')
	return strings.Trim(out[from:to], "abcdefghijklmnopqrstuvwxyz234567") == ""
}

func TestATextThatIsWrittenAsNumbersCannotBeMadeOut(t *testing.T) {
	var numbers strings.Builder
	for _, b := range []byte("Ärger in Bonn") {
		numbers.WriteString("<certificate>" + strconv.Itoa(int(int8(b))) + "</certificate>")
	}
	want := strings.Repeat("<certificate>0</certificate>", len("Ärger in Bonn"))
	if out := scrubbed(t, event("EventEx", numbers.String())); !strings.Contains(out, want) {
		t.Errorf("it became %s", out)
	}
}

func TestOnlyWhatIsListedAndHasTheFormIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		elements string
		kept     bool
		text     string
	}{
		"a key":                        {"<key>4711</key>", true, "4711"},
		"a key that is none":           {"<key>web-01</key>", false, "web-01"},
		"a key of something else":      {"<info><key>task-4711</key></info>", false, "task-4711"},
		"a number of something else":   {"<info><key>4711</key></info>", false, ">4711<"},
		"a time":                       {"<createdTime>2026-11-20T10:12:24.046512Z</createdTime>", true, "2026-11-20T10:12:24.046512Z"},
		"no time":                      {"<createdTime>2026 in Bonn</createdTime>", false, "2026 in Bonn"},
		"a time of somebody":           {"<name>2026-11-20T10:12:24.046512Z</name>", false, "10:12:24"},
		"VMware's event type":          {"<eventTypeId>esx.problem.3rdParty.error</eventTypeId>", true, "esx.problem.3rdParty.error"},
		"another one's event type":     {"<eventTypeId>com.acme.bank.Failed</eventTypeId>", false, "acme"},
		"an address as event type":     {"<eventTypeId>esx.10.20.30.40</eventTypeId>", false, "10.20.30.40"},
		"a sentence as event type":     {"<eventTypeId>esx.problem on web-01</eventTypeId>", false, "web-01"},
		"a severity":                   {"<severity>warning</severity>", true, "warning"},
		"no severity":                  {"<severity>bonn</severity>", false, "bonn"},
		"a type of object":             {"<objectType>VirtualMachine</objectType>", true, "VirtualMachine"},
		"no type of object":            {"<objectType>Payroll</objectType>", false, "Payroll"},
		"a reference":                  {`<vm><vm type="VirtualMachine">vm-4711</vm></vm>`, false, "vm-4711"},
		"the type of a reference":      {`<vm><vm type="VirtualMachine">vm-4711</vm></vm>`, true, `type="VirtualMachine"`},
		"a type nobody knows":          {`<vm><vm type="Payroll">vm-4711</vm></vm>`, false, "Payroll"},
		"the uuid of a vCenter":        {`<vm><vm type="VirtualMachine" serverGuid="3c0f7a10-5b1e">vm-4711</vm></vm>`, false, "3c0f7a10"},
		"a class nobody knows":         {`<where xsi:type="PlanetEventArgument"><name>Mars</name></where>`, true, `"PlanetEventArgument"`},
		"a class that is a sentence":   {`<where xsi:type="Room 12 Bonn"/>`, false, "Bonn"},
		"xsi:type of another schema":   {`<where xmlns:own="urn:bonn" own:type="Bonn"/>`, false, "onn\""},
		"an element nobody knows":      {"<planet>Mars</planet>", false, "Mars"},
		"a message":                    {"<fullFormattedMessage>web-01 is off</fullFormattedMessage>", false, "web-01"},
		"a comment":                    {"<name>a</name><!-- web-01 -->", false, "web-01"},
		"a processing instruction":     {`<name>a</name><?host web-01?>`, false, "web-01"},
		"CDATA":                        {"<name><![CDATA[web-01 <&>]]></name>", false, "web-01"},
		"an escaped text":              {"<name>&#119;eb&#x2d;01</name>", false, "eb"},
		"a text around an element":     {"<name>web-01<b/>db-02</name>", false, "db-02"},
		"the burst filter's count":     {"<arguments><key>count</key><value xsi:type=\"xsd:int\">4711</value></arguments>", true, "4711"},
		"the same without a number":    {"<arguments><key>count</key><value xsi:type=\"xsd:string\">web-01</value></arguments>", false, "web-01"},
		"the burst filter's object":    {"<arguments><key>objectId</key><value xsi:type=\"xsd:string\">4711</value></arguments>", false, "4711"},
		"another argument":             {"<arguments><key>port</key><value xsi:type=\"xsd:int\">4711</value></arguments>", false, "4711"},
		"the name of another argument": {"<arguments><key>web-01</key><value xsi:type=\"xsd:int\">1</value></arguments>", false, "web-01"},
		"an address as argument":       {"<arguments><key>ip</key><value xsi:type=\"xsd:string\">10.20.30.40</value></arguments>", false, "10.20.30.40"},
		"a world wide name":            {"<oldPortWwns>2305843009213693951</oldPortWwns>", false, "2305843009213693951"},
		"a long in an argument":        {"<arguments><key>1</key><value xsi:type=\"xsd:long\">4711471147114711</value></arguments>", false, "4711471147114711"},
		"a method":                     {"<info><descriptionId>VirtualMachine.powerOn</descriptionId></info>", true, "VirtualMachine.powerOn"},
		"no method":                    {"<info><descriptionId>Payroll.run</descriptionId></info>", false, "Payroll"},
	} {
		out := scrubbed(t, event("EventEx", c.elements))
		if strings.Contains(out, c.text) != c.kept {
			t.Errorf("%s: kept should be %t: %s", name, c.kept, out[strings.Index(out, "returnval"):])
		}
	}
}

func TestWhatIsNoPageOfEventsIsRefused(t *testing.T) {
	for name, page := range map[string]string{
		"nothing":                    "",
		"a page of a proxy":          "<html><body>Sign in to web-01</body></html>",
		"a fault":                    opening + "<soapenv:Fault><faultstring>web-01</faultstring></soapenv:Fault>" + closing,
		"a document type":            `<!DOCTYPE x [<!ENTITY e "web-01">]>` + string(event("EventEx", "<name>&e;</name>")),
		"a document type alone":      "<!DOCTYPE x>" + string(event("EventEx", "")),
		"an entity that is a name":   string(event("EventEx", "<name>&web-01;</name>")),
		"an entity nobody knows":     string(event("EventEx", "<name>&e;</name>")),
		"a text before it":           "web-01" + string(event("EventEx", "")),
		"a text behind it":           string(event("EventEx", "")) + "web-01",
		"a second one":               string(event("EventEx", "")) + string(event("EventEx", "")),
		"elements that cross":        string(event("EventEx", "<a><b></a></b>")),
		"another encoding":           strings.Replace(string(event("EventEx", "")), "UTF-8", "ISO-8859-1", 1),
		"what is no UTF-8":           string(event("EventEx", "<name>\xc4rger</name>")),
		"a name with a letter of it": string(event("EventEx", "<Ärger/>")),
	} {
		out, err := scrub.New().Page([]byte(page))
		if !errors.Is(err, scrub.ErrNotPage) || out != nil || strings.Contains(err.Error(), "web-01") {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
}

func TestAPageThatBreaksOffAnywhereIsRefused(t *testing.T) {
	page := strings.TrimSpace(string(event("EventEx", `<key>1</key><vm><name>Ärger &amp; Söhne</name><vm type="VirtualMachine">vm-1</vm></vm><empty/>`)))
	for end := range len(page) {
		if out, err := scrub.New().Page([]byte(page[:end])); err == nil {
			t.Fatalf("cut after %q it became %s", page[max(0, end-20):end], out)
		}
	}
}

func FuzzAPageIsTakenApartWholeOrRefused(f *testing.F) {
	f.Add(event("EventEx", `<key>1</key><name>a</name><!-- c --><empty a="b"/><![CDATA[x]]>`))
	f.Add(event("VmPoweredOnEvent", "<createdTime>2026-11-20T10:12:24Z</createdTime><n>12</n>"))
	f.Fuzz(func(t *testing.T, page []byte) {
		out, err := scrub.New().Page(page)
		if err != nil {
			return
		}
		again, err := scrub.New().Page(out)
		if err != nil {
			t.Fatalf("what came out is no page: %v\n%s", err, out)
		}
		if before, after := elements(shape(t, out)), elements(shape(t, again)); !slices.Equal(before, after) {
			t.Fatalf("%q became %q", before, after)
		}
	})
}

// elements leaves texts and classes out; the type of another schema is replaced like any text.
func elements(shape []string) []string {
	var all []string
	for _, part := range shape {
		if name, _, _ := strings.Cut(part, " "); strings.HasPrefix(name, "Envelope") {
			all = append(all, name)
		}
	}
	return all
}
