package echo_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/vcrelay/vcrelay/functions/echo"
	"github.com/vcrelay/vcrelay/functions/fn"
)

const id = "3c0f7a10-42-1789000000000000"

func event(message string) cloudevents.Event {
	ev := cloudevents.NewEvent()
	ev.SetID(id)
	ev.SetSource("https://vc.example/sdk")
	ev.SetType("com.vmware.vsphere.VmPoweredOnEvent.v0")
	ev.SetSubject("VmPoweredOnEvent")
	ev.SetTime(time.Date(2026, 9, 18, 12, 34, 56, 0, time.UTC))
	ev.SetExtension("entity", "VirtualMachine:vm-62")
	_ = ev.SetData("application/json", map[string]string{"fullFormattedMessage": message})
	return ev
}

func newEcho(t *testing.T, out *bytes.Buffer, env map[string]string) fn.Handler {
	t.Helper()
	handler, closer, err := echo.New(func(name string) string { return env[name] }, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closer.Close() })
	return handler
}

func printed(t *testing.T, ev cloudevents.Event) string {
	t.Helper()
	var out bytes.Buffer
	if err := newEcho(t, &out, nil)(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAnEventIsOneLine(t *testing.T) {
	want := "2026-09-18T12:34:56Z VmPoweredOnEvent VirtualMachine:vm-62 web-1 is powered on " + id + "\n"
	if got := printed(t, event("web-1 is powered on")); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestWhatIsMissingIsADash(t *testing.T) {
	ev := cloudevents.NewEvent()
	ev.SetID(id)
	ev.SetType("com.vcrelay.gap.v1")
	if got, want := printed(t, ev), "- com.vcrelay.gap.v1 - - "+id+"\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	_ = ev.SetData("application/json", map[string]any{"reason": "purged", "count": 7})
	if got := printed(t, ev); !strings.Contains(got, " purged ") {
		t.Errorf("an announcement without its reason: %q", got)
	}
	_ = ev.SetData("application/xml", []byte("<x/>"))
	if got, want := printed(t, ev), "- com.vcrelay.gap.v1 - - "+id+"\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestPascalCaseDataPrintsToo(t *testing.T) {
	ev := event("")
	_ = ev.SetData("application/json", map[string]string{"FullFormattedMessage": "old layout"})
	if got := printed(t, ev); !strings.Contains(got, " old layout ") {
		t.Errorf("printed %q", got)
	}
}

func TestAVirtualMachinesNameCannotForgeALineOrMoveTheCursor(t *testing.T) {
	for name, want := range map[string]string{
		"\x1b[31mred\x1b[0m":             "red",
		"\x1b[2J\x1b[1;1Hcleared":        "cleared",
		"\x1b]0;title\x07after":          "]0;titleafter",
		"a\r\n2026 VmRemovedEvent - b\t": "a 2026 VmRemovedEvent - b",
		"\u009b31mred":                   "31mred",
		"abc\u202etxt.exe\u200b":         "abctxt.exe",
		"line\u2028separator":            "line separator",
		"bell\x07\x00\x7f":               "bell",
		"größe 仮想 \"q\"":                 "größe 仮想 \"q\"",
		"\x1b\x1b[31m[31mtwice":          "[31mtwice",
		strings.Repeat("é", 1000):        strings.Repeat("é", 400) + "…",
	} {
		want := "2026-09-18T12:34:56Z VmPoweredOnEvent VirtualMachine:vm-62 " + want + " " + id + "\n"
		if got := printed(t, event(name)); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	}
	ev := event("m")
	ev.SetSubject("a\x1b[31m\nb")
	ev.SetExtension("entity", "e\nf")
	ev.SetID("i\nj\x1b[0m")
	if got := printed(t, ev); strings.Count(got, "\n") != 1 || strings.Contains(got, "\x1b") {
		t.Errorf("printed %q", got)
	}
}

// spy sees the ledger at the moment when the line is printed.
type spy struct{ look func() }

func (s spy) Write(p []byte) (int, error) { s.look(); return len(p), nil }

func TestTheLedgerHasTheIDBeforeTheHandlerIsDone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	seen := ""
	handler, closer, err := echo.New(func(name string) string {
		return map[string]string{"VCRELAY_ECHO_LEDGER": path}[name]
	}, spy{func() { seen = read(t, path) }})
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	if err := handler(t.Context(), event("m")); err != nil {
		t.Fatal(err)
	}
	if seen != id+"\n" {
		t.Errorf("while the handler ran the ledger held %q", seen)
	}
}

func TestTheLedgerGrowsOverRestartsAndCountsFailedDeliveries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	env := map[string]string{"VCRELAY_ECHO_LEDGER": path, "VCRELAY_ECHO_FAIL": "PoweredOn"}
	for range 2 {
		if err := newEcho(t, new(bytes.Buffer), env)(t.Context(), event("m")); err == nil {
			t.Error("the handler did not fail")
		}
	}
	if got := read(t, path); got != id+"\n"+id+"\n" {
		t.Errorf("the ledger holds %q", got)
	}
}

func TestTheLedgerNotesWhenAnEventArrived(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	handler := newEcho(t, new(bytes.Buffer), map[string]string{"VCRELAY_ECHO_LEDGER": path, "VCRELAY_ECHO_LEDGER_TIMES": "true"})
	hostile := event("m")
	hostile.SetID("a\tb")
	before := time.Now().Truncate(time.Microsecond)
	for _, ev := range []cloudevents.Event{event("m"), hostile} {
		if err := handler(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(read(t, path), "\n")
	for i, want := range []string{id, "a b"} {
		got, text, _ := strings.Cut(lines[i], "\t")
		at, err := time.Parse(time.RFC3339Nano, text)
		if got != want || err != nil || at.Before(before) || at.After(time.Now()) {
			t.Errorf("line %d is %q: %v", i+1, lines[i], err)
		}
	}
}

func TestConcurrentEventsMixNeitherLinesNorLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	var out bytes.Buffer
	handler := newEcho(t, &out, map[string]string{"VCRELAY_ECHO_LEDGER": path})
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { _ = handler(t.Context(), event("m")) })
	}
	all.Wait()
	if got, want := out.String(), strings.Repeat(printed(t, event("m")), 100); got != want {
		t.Error("lines were mixed or lost")
	}
	if read(t, path) != strings.Repeat(id+"\n", 100) {
		t.Error("the ledger was mixed or lost ids")
	}
}

func TestARehearsedFailureIsRetriedAndNotDropped(t *testing.T) {
	var out bytes.Buffer
	handler := newEcho(t, &out, map[string]string{"VCRELAY_ECHO_FAIL": "^VmPoweredO"})
	err := handler(t.Context(), event("m"))
	if !errors.Is(err, echo.ErrRehearsed) || errors.Is(err, fn.ErrDrop) || out.Len() != 0 {
		t.Errorf("returned %v and printed %q", err, &out)
	}
	other := event("m")
	other.SetSubject("VmRemovedEvent")
	if err := handler(t.Context(), other); err != nil || out.Len() == 0 {
		t.Errorf("an event that does not match: %v", err)
	}
}

func TestALineThatCannotBePrintedIsNoSuccess(t *testing.T) {
	file, err := os.Open(os.DevNull) // opened for reading: every write fails
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	handler, _, err := echo.New(func(string) string { return "" }, file)
	if err != nil {
		t.Fatal(err)
	}
	if handler(t.Context(), event("m")) == nil {
		t.Error("an event that nobody saw was acknowledged")
	}
}

func TestASettingThatCannotWorkIsRefusedByName(t *testing.T) {
	for name, value := range map[string]string{
		"VCRELAY_ECHO_LEDGER_TIMES": "often",
		"VCRELAY_ECHO_FAIL":         "(",
		"VCRELAY_ECHO_LEDGER":       filepath.Join(t.TempDir(), "missing", "ledger"),
	} {
		_, _, err := echo.New(func(n string) string { return map[string]string{name: value}[n] }, new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
