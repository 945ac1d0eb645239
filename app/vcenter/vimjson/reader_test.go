package vimjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

const head = `<key>7</key><chainId>7</chainId><createdTime>2026-11-20T10:12:24.5Z</createdTime><userName>root</userName>`

func TestAPageThatIsCutAnywhereIsNeverTakenForWhole(t *testing.T) {
	f := newFiller(t, 3)
	whole := bytes.TrimSpace(page(t, []types.BaseEvent{f.event(typeOf(t, "VmPoweredOnEvent")), f.event(typeOf(t, "EventEx"))}, false))
	if events, err := read(whole, vimjson.Options{}); err != nil || len(events) != 2 {
		t.Fatal(len(events), err)
	}
	for n := range whole {
		if _, err := read(whole[:n], vimjson.Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut to %d bytes of %d: %v\n%s", n, len(whole), err, whole[max(0, n-80):n])
		}
	}
}

func TestEventsBeforeTheCutAreGood(t *testing.T) {
	text := string(body(returned("VmPoweredOnEvent", head) + returned("VmPoweredOffEvent", head)))
	events, err := read([]byte(text[:strings.LastIndex(text, "userName")]), vimjson.Options{})
	if len(events) != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %d events and %v", len(events), err)
	}
}

func TestAnErrorOfTheInputIsHandedOn(t *testing.T) {
	broken := errors.New("connection reset")
	in := io.MultiReader(bytes.NewReader(body(returned("VmPoweredOnEvent", head))[:400]), iotest.ErrReader(broken))
	reader := vimjson.NewReader(in, vimjson.Options{})
	for range 2 {
		if _, err := reader.Next(); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAPageThatComesByteByByteIsTheSame(t *testing.T) {
	f := newFiller(t, 4)
	var events []types.BaseEvent
	for _, class := range eventClasses(t) {
		events = append(events, f.event(class))
	}
	text := page(t, events, true)
	want, err := read(text, vimjson.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reader := vimjson.NewReader(iotest.OneByteReader(bytes.NewReader(text)), vimjson.Options{})
	for i := range want {
		got, err := reader.Next()
		if err != nil || !bytes.Equal(got.Data, want[i].Data) {
			t.Fatalf("event %d: %v\ngot  %s\nwant %s", i, err, got.Data, want[i].Data)
		}
	}
	if _, err := reader.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestAPageThatComesInTwoPiecesIsTheSame(t *testing.T) {
	const odd = `a"b\c&amp;d` + "\x01ä"
	text := body(returned("EventEx", head+`<userName>`+odd+`</userName><odd>`+odd+`</odd><arguments><key>`+odd+`</key><value xsi:type="xsd:string">`+
		odd+`</value></arguments><vm><name>a</name><vm type="VirtualMachine">`+odd+`</vm></vm>`) + returned("EventEx", head+`<arguments><key>"</key></arguments>`))
	want, err := read(text, vimjson.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range text {
		reader := vimjson.NewReader(io.MultiReader(bytes.NewReader(text[:n]), bytes.NewReader(text[n:])), vimjson.Options{})
		for i := range want {
			if got, err := reader.Next(); err != nil || !reflect.DeepEqual(got, want[i]) {
				t.Fatalf("cut at %d, event %d: %v\ngot  %+v\nwant %+v", n, i, err, got, want[i])
			}
		}
	}
}

func TestAFaultSaysWhichItIs(t *testing.T) {
	for name, fault := range map[string]string{
		"typed": `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>The session is not authenticated.</faultstring>
<detail><NotAuthenticatedFault xmlns="urn:vim25" xsi:type="NotAuthenticated"><object type="Folder">group-d1</object>
<privilegeId>System.View</privilegeId></NotAuthenticatedFault></detail></soapenv:Fault>`,
		"by element": `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>The session is not authenticated.</faultstring>
<detail><NotAuthenticatedFault xmlns="urn:vim25"><object type="Folder">group-d1</object><privilegeId>System.View</privilegeId>
</NotAuthenticatedFault></detail></soapenv:Fault>`,
	} {
		_, err := read([]byte(envelope+fault+closing), vimjson.Options{})
		var got *vimjson.FaultError
		if !errors.As(err, &got) {
			t.Fatalf("%s: %v", name, err)
		}
		const detail = `{"_typeName":"NotAuthenticated","object":{"_typeName":"ManagedObjectReference","type":"Folder","value":"group-d1"},"privilegeId":"System.View"}`
		if got.Type != "NotAuthenticated" || got.Code != "ServerFaultCode" || string(got.Detail) != detail ||
			got.Message != "The session is not authenticated." {
			t.Errorf("%s: %+v, detail %s", name, got, got.Detail)
		}
	}
}

func TestAFaultWithoutDetailIsAFaultToo(t *testing.T) {
	_, err := read([]byte(envelope+`<soapenv:Fault><faultcode>a</faultcode><faultstring/></soapenv:Fault>`+closing), vimjson.Options{})
	var fault *vimjson.FaultError
	if !errors.As(err, &fault) || fault.Type != "" || fault.Code != "a" {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoSOAPIsCalledSo(t *testing.T) {
	for name, text := range map[string]string{
		"login page":    `<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Sign in</title>`,
		"page":          `<html><body><p>503</p></body></html>`,
		"JSON":          `{"error":"unauthorized"}`,
		"text":          `Service Unavailable`,
		"no response":   envelope + closing,
		"other answer":  `<?xml version="1.0"?><rss></rss>`,
		"bytes":         "\x1f\x8b\x08\x00\x00\x00",
		"UTF-16":        "\xff\xfe<\x00?\x00",
		"unclosed html": "<html><br",
	} {
		_, err := read([]byte(text), vimjson.Options{})
		if !errors.Is(err, vimjson.ErrNotSOAP) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsNotWellFormedIsNotGuessedAt(t *testing.T) {
	for name, text := range map[string]string{
		"crossed":   string(body(`<returnval><key>1</returnval></key>`)),
		"encoding":  strings.Replace(string(body("")), "UTF-8", "ISO-8859-1", 1),
		"attribute": string(body(`<returnval a=b></returnval>`)),
		"no name":   string(body(`<returnval>< ></returnval>`)),
		"a prefix":  string(body(`<a:returnval></b:returnval>`)),
	} {
		if _, err := read([]byte(text), vimjson.Options{}); !errors.Is(err, vimjson.ErrSyntax) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEventThatIsTooLargeIsNamedAndTheNextOneIsRead(t *testing.T) {
	large := strings.Replace(head, "root", strings.Repeat("x", 1<<20), 1)
	held(t, returned("VmPoweredOnEvent", large), vimjson.Options{MaxEvent: 1 << 18}, vimjson.ErrTooLarge)
	quotes := strings.Replace(head, "root", strings.Repeat("\x01", 100_000), 1) // six bytes each in JSON
	held(t, returned("VmPoweredOnEvent", quotes), vimjson.Options{MaxEvent: 1 << 18}, vimjson.ErrTooLarge)
}

func TestAnEventThatNestsTooDeepIsNamedAndTheNextOneIsRead(t *testing.T) {
	deep := head + strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200)
	held(t, returned("VmPoweredOnEvent", deep), vimjson.Options{}, vimjson.ErrTooDeep)
	held(t, returned("VmPoweredOnEvent", deep), vimjson.Options{MaxDepth: 3}, vimjson.ErrTooDeep)
}

// held reads a page with a bad event between two good ones.
func held(t *testing.T, bad string, options vimjson.Options, reason error) {
	t.Helper()
	good := returned("VmPoweredOffEvent", head)
	reader := vimjson.NewReader(bytes.NewReader(body(good+bad+good)), options)
	if _, err := reader.Next(); err != nil {
		t.Fatal(err)
	}
	_, err := reader.Next()
	var named *vimjson.EventError
	if !errors.Is(err, reason) || !errors.As(err, &named) || named.Event.Key != 7 || named.Event.Class != "VmPoweredOnEvent" {
		t.Errorf("got %v", err)
	}
	if e, err := reader.Next(); err != nil || e.Class != "VmPoweredOffEvent" {
		t.Errorf("got %v, %v", e.Class, err)
	}
	if _, err := reader.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

func TestAnEventOfFiftyMegabytesPassesWhole(t *testing.T) {
	const size = 50 << 20
	text := io.MultiReader(
		strings.NewReader(envelope+`<QueryEventsResponse><returnval xsi:type="VmPoweredOnEvent">`+head+"<fullFormattedMessage>"),
		io.LimitReader(letters{}, size),
		strings.NewReader("</fullFormattedMessage></returnval></QueryEventsResponse>"+closing),
	)
	e, err := vimjson.NewReader(text, vimjson.Options{}).Next()
	if err != nil || len(e.Data) < size || !json.Valid(e.Data) {
		t.Errorf("got %d bytes, %v", len(e.Data), err)
	}
}

// letters never end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestAReaderIsReadyForTheNextPage(t *testing.T) {
	for _, options := range []vimjson.Options{{}, {Recycle: true}, {Layout: vimjson.PascalCase, Recycle: true}} {
		reader := vimjson.NewReader(strings.NewReader("nonsense"), options)
		if _, err := reader.Next(); err == nil {
			t.Fatal("nonsense was read")
		}
		text := body(strings.Repeat(returned("VmPoweredOnEvent", head), 300))
		want, err := read(text, options)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			reader.Reset(bytes.NewReader(text))
			got := make([]vimjson.Event, len(want))
			for i := range got {
				if got[i], err = reader.Next(); err != nil {
					t.Fatal(err)
				}
			}
			for i := range got {
				if !bytes.Equal(got[i].Data, want[i].Data) {
					t.Fatalf("event %d is %s", i, got[i].Data)
				}
			}
		}
	}
}

func TestWithoutRecycleDataStaysAfterReset(t *testing.T) {
	reader := vimjson.NewReader(bytes.NewReader(body(returned("VmPoweredOnEvent", head))), vimjson.Options{})
	e, err := reader.Next()
	if err != nil {
		t.Fatal(err)
	}
	before := string(e.Data)
	reader.Reset(bytes.NewReader(body(strings.Repeat(returned("VmPoweredOffEvent", head), 100))))
	for range 100 {
		if _, err := reader.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if string(e.Data) != before {
		t.Errorf("got %s, want %s", e.Data, before)
	}
}

func TestWhatComesAgainAllocatesNextToNothing(t *testing.T) {
	page := benchPage(t)
	each := transcoder(t, vimjson.Options{Recycle: true})
	each(page, func(*vimjson.Event) {})
	if n := testing.AllocsPerRun(5, func() { each(page, func(*vimjson.Event) {}) }); n > perPage/20 {
		t.Errorf("%v allocations for %d events", n, perPage)
	}
}

func TestLongTextIsNotKept(t *testing.T) {
	const count, size = 300, 64 << 10
	var text strings.Builder
	for i := range count {
		text.WriteString(returned("VmPoweredOnEvent", strings.Replace(head, "root", strings.Repeat("x", size)+strconv.Itoa(i), 1)))
	}
	page := body(text.String())
	var before, after runtime.MemStats
	reader := vimjson.NewReader(bytes.NewReader(page), vimjson.Options{})
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range count {
		if _, err := reader.Next(); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > count*size/4 {
		t.Errorf("%d bytes are kept", kept)
	}
	reader.Reset(nil)
	runtime.KeepAlive(page)
}

func TestTheEntityIsTheMostParticularObject(t *testing.T) {
	refs := head + `<datacenter><name>a</name><datacenter type="Datacenter">datacenter-2</datacenter></datacenter>`
	for add, want := range map[string]string{
		"": "Datacenter:datacenter-2",
		`<host><name>h</name><host type="HostSystem">host-1</host></host>`:                               "HostSystem:host-1",
		`<host><host type="HostSystem">host-1</host></host><vm><vm type="VirtualMachine">vm-1</vm></vm>`: "VirtualMachine:vm-1",
		`<vm><vm type="VirtualMachine">vm-1</vm><origin type="Folder">group-1</origin></vm>`:             "VirtualMachine:vm-1",
		`<net><network type="Network">network-1</network></net>`:                                         "Network:network-1",
	} {
		e := one(t, returned("VmPoweredOnEvent", refs+add), vimjson.Options{})
		if got := e.Entity(); got.String() != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if e := one(t, returned("VmPoweredOnEvent", head), vimjson.Options{}); e.Entity() != (event.Ref{}) {
		t.Errorf("got %v", e.Entity())
	}
}

func TestAnEventWithoutPositionIsMarked(t *testing.T) {
	for name, text := range map[string]string{
		"no key":      `<createdTime>2026-11-20T10:12:24.5Z</createdTime>`,
		"odd key":     `<key>x</key><createdTime>2026-11-20T10:12:24.5Z</createdTime>`,
		"large key":   `<key>2147483648</key><createdTime>2026-11-20T10:12:24.5Z</createdTime>`,
		"no time":     `<key>1</key>`,
		"odd time":    `<key>1</key><createdTime>yesterday</createdTime>`,
		"no such day": `<key>1</key><createdTime>2026-02-30T10:12:24.5Z</createdTime>`,
		"no leap day": `<key>1</key><createdTime>2026-02-29T10:12:24.5Z</createdTime>`,
		"no event":    ``,
	} {
		if e := one(t, returned("VmPoweredOnEvent", text), vimjson.Options{}); e.Flaw == nil || !json.Valid(e.Data) {
			t.Errorf("%s: no flaw: %s", name, e.Data)
		}
	}
	if e := one(t, returned("VmPoweredOnEvent", "<key>x</key>"+head), vimjson.Options{}); e.Flaw != nil || e.Key != 7 {
		t.Errorf("got %v", e.Flaw)
	}
}

// In VI/JSON a member without a value is left out, and the relay reads some of them.
func TestAnEmptyMemberThatTheRelayReadsIsEmpty(t *testing.T) {
	for _, layout := range []vimjson.Layout{vimjson.VIJSON, vimjson.PascalCase, vimjson.XML} {
		for _, empty := range []string{`<severity></severity>`, `<severity/>`, `<severity></severity >`, `<severity><!-- none --></severity>`} {
			events, err := read(body(returned("EventEx", head+"<eventTypeId>com.example.x</eventTypeId>"+empty)), vimjson.Options{Layout: layout})
			if err != nil || len(events) != 1 {
				t.Fatalf("%d events of %s: %v", len(events), empty, err)
			}
			if e := events[0]; e.Severity != "" || e.TypeID != "com.example.x" || e.Flaw != nil {
				t.Errorf("got %+v of %s", e, empty)
			}
		}
	}
}

// A tag at the very end of what came is one, however few bytes of it were seen at once.
func TestAPageThatIsCutBehindAShortTagEndsTheSameInPieces(t *testing.T) {
	text := envelope + `<ReadNextEventsResponse><returnval><anything><b>`
	for _, in := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
		reader := vimjson.NewReader(in, vimjson.Options{MaxDepth: 2})
		if _, err := reader.Next(); !errors.Is(err, vimjson.ErrTooDeep) {
			t.Errorf("first: %v", err)
		}
		if _, err := reader.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("then: %v", err)
		}
	}
}

func returned(class, content string) string {
	return `<returnval xsi:type="` + class + `">` + content + `</returnval>`
}

// one reads a page of one event.
func one(t *testing.T, returnval string, options vimjson.Options) vimjson.Event {
	t.Helper()
	events, err := read(body(returnval), options)
	if err != nil || len(events) != 1 {
		t.Fatalf("got %d events, %v of %s", len(events), err, returnval)
	}
	if !json.Valid(events[0].Data) {
		t.Fatalf("not JSON: %s", events[0].Data)
	}
	return events[0]
}
