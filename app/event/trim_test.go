package event_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/vcrelay/vcrelay/app/event"
)

func TestTrimmingLeavesOutTheLargestMembersAndKeepsTheOrder(t *testing.T) {
	large := strings.Repeat("x", 3000)
	e := event.Event{Data: []byte(`{"_typeName":"VmReconfiguredEvent","key":7,"a":"` + large[:100] + `","configSpec":{"note":"` + large + `"},"b":[1,2],"userName":"` + large + `"}`)}
	for most, want := range map[int]string{
		100_000: string(e.Data),
		4_000:   `{"_typeName":"VmReconfiguredEvent","key":7,"a":"` + large[:100] + `","b":[1,2],"userName":"` + large + `"}`,
		3_100:   `{"_typeName":"VmReconfiguredEvent","key":7,"b":[1,2],"userName":"` + large + `"}`,
		10:      `{"_typeName":"VmReconfiguredEvent","key":7,"userName":"` + large + `"}`, // what says which event it is stays
	} {
		if got := e.Trim(most); string(got.Data) != want || !got.Truncated {
			t.Errorf("to %d: %s", most, got.Data)
		}
	}
	if e.Truncated {
		t.Error("the event itself was changed")
	}
}

func TestWhatIsNoObjectIsTrimmedToAnEmptyOne(t *testing.T) {
	for _, data := range []string{"", "[1,2]", `{"a":`, `"text"`} {
		e := event.Event{Data: []byte(data)}
		if got := e.Trim(1); !json.Valid(got.Data) || len(got.Data) > 4 {
			t.Errorf("%q was trimmed to %q", data, got.Data)
		}
	}
}

func FuzzTrim(f *testing.F) {
	f.Add([]byte(`{"key":1,"a":{"b":[1,"2"]},"c":null}`), 20)
	f.Fuzz(func(t *testing.T, data []byte, most int) {
		if !json.Valid(data) || len(data) == 0 || data[0] != '{' {
			t.Skip()
		}
		e := event.Event{Data: data}
		got := e.Trim(most).Data
		if !json.Valid(got) {
			t.Errorf("%q to %d: %q", data, most, got)
		}
	})
}

func TestTrimmingKnowsTheNamesOfEachLayout(t *testing.T) {
	large := strings.Repeat("x", 3000)
	for in, want := range map[string]string{
		`{"Key":7,"ChainId":7,"CreatedTime":"` + moment + `","UserName":"root","Vm":null,"ConfigSpec":{"Annotation":"` + large + `"},"Template":false}`://
		`{"Key":7,"ChainId":7,"CreatedTime":"` + moment + `","UserName":"root"}`,

		`<VmReconfiguredEvent><key>7</key><chainId>7</chainId><createdTime>` + moment + `</createdTime><userName>root</userName><vm><name>&lt;a&gt;</name></vm>` +
			`<configSpec><annotation>` + large + `</annotation></configSpec></VmReconfiguredEvent>`: //
		`<VmReconfiguredEvent><key>7</key><chainId>7</chainId><createdTime>` + moment + `</createdTime><userName>root</userName></VmReconfiguredEvent>`,
	} {
		e := event.Event{Data: []byte(in)}
		if got := e.Trim(10); string(got.Data) != want || !got.Truncated {
			t.Errorf("%s", got.Data)
		}
		if got := e.Trim(len(in) + 10); string(got.Data) != in {
			t.Errorf("what is small enough became %s", got.Data)
		}
		for most := len(want) + 5; most < len(in); most++ {
			if got := e.Trim(most); len(got.Data) > most {
				t.Fatalf("to %d bytes: %s", most, got.Data)
			}
		}
		if got := e.Trim(500); len(got.Data) < len(want)+8 {
			t.Errorf("more than was needed is left out: %s", got.Data)
		}
	}
}

const moment = "2026-11-20T10:12:24.046512Z"

func TestTrimmingXMLKeepsAnArrayOrLeavesItOut(t *testing.T) {
	e := event.Event{Data: []byte("<EventEx><key>7</key><arguments><key>a</key></arguments> <arguments><key>b</key></arguments><note>" +
		strings.Repeat("n", 40) + "</note><objectId>vm-1</objectId></EventEx>")}
	for most, want := range map[int]string{
		150: "<EventEx><key>7</key><note>" + strings.Repeat("n", 40) + "</note><objectId>vm-1</objectId></EventEx>",
		80:  "<EventEx><key>7</key><objectId>vm-1</objectId></EventEx>",
	} {
		if got := e.Trim(most); string(got.Data) != want {
			t.Errorf("to %d: %s", most, got.Data)
		}
	}
}

func TestXMLThatCannotBeReadIsTrimmedToKeyAndTime(t *testing.T) {
	for _, data := range []string{"<", "<a>", "<a><b></a>", "<!-- -->", "<a>&nbsp;</a>"} {
		e := event.Event{Key: 18, Created: created, Data: []byte(data)}
		if got, want := string(e.Trim(1).Data), "<event><key>18</key><createdTime>"+moment+"</createdTime></event>"; got != want {
			t.Errorf("%q was trimmed to %q", data, got)
		}
	}
}

func FuzzTrimXML(f *testing.F) {
	f.Add([]byte(`<a><key>1</key><b c="d">2</b><b/><!-- x --><d><![CDATA[<]]></d></a>`), 20)
	f.Fuzz(func(t *testing.T, data []byte, most int) {
		if len(data) == 0 || data[0] != '<' {
			t.Skip()
		}
		e := event.Event{Data: data}
		decoder := xml.NewDecoder(bytes.NewReader(e.Trim(most).Data))
		for {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("%q to %d: %v", data, most, err)
			}
		}
	})
}
