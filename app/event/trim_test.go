package event_test

import (
	"encoding/json"
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
