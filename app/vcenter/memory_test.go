package vcenter_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim"
	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/vcsimtest"
	"github.com/vcrelay/vcrelay/app/vcenter/vim"
)

const (
	memoryGoal    = 128 // MiB
	memoryMeasure = "VCRELAY_TEST_MEMORY"
	memoryTask    = "VCRELAY_TEST_MEMORY_TASK" // in the environment of the process that reads
	memoryPeak    = "peak "                    // before KiB, on the last line of its output
	memoryIdle    = "idle"                     // a line when vCenter has no more for now; ids are on the others
	memoryTimeout = 3 * time.Minute            // for one case
)

// memoryCases are what may take much memory to read. Each begins and ends with pages of ordinary events: what a large one
// leaves behind must not add to what comes after it.
var memoryCases = []struct {
	name    string
	config  vcsim.Config
	parts   int // of a large event that is posted
	more    int // ordinary events that follow
	live    int // events, a large one in their midst, that come while the process follows
	visible func(key int32) bool
}{
	{name: "1,000 events of unknown classes", config: vcsim.Config{History: 2000, Faults: []string{"kind=unknown,count=1000"}}, more: 2000},
	{name: "an event of 50 MB", config: vcsim.Config{History: 2500, Faults: []string{"kind=huge,size=50"}}, more: 50_000},
	{name: "one of 50 MB in small parts", config: vcsim.Config{History: 2500}, parts: 300_000, more: 50_000},
	{name: "one of 50 MB that comes live", config: vcsim.Config{History: 2500}, live: 51},
	{
		name: "a hole of 5,000 events",
		config: vcsim.Config{
			History: 9000, HistorySpan: 10 * time.Minute, Faults: []string{"kind=hole,first=2001,last=7000"},
			Readings: vcsim.Readings{StuckInHole: true}, // so that it takes slices of time
		},
		visible: func(key int32) bool { return key <= 2000 || key > 7000 },
	},
	{name: "a wrap of keys within a page", config: vcsim.Config{History: 5000, FirstKey: math.MaxInt32 - 2500}},
}

// TestPeakMemory prints the peak memory of a process that reads a simulated vCenter over TLS and does nothing else, with
// the goal for it. The simulator is in this process, so it does not count. `make bench-memory` has it measure.
func TestPeakMemory(t *testing.T) {
	if os.Getenv(memoryMeasure) == "" {
		t.Skip("it takes two minutes: make bench-memory")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the peak of a process is read from /proc")
	}
	for _, c := range memoryCases {
		t.Run(c.name, func(t *testing.T) {
			c.config.VMs = 200
			server := vcsimtest.Start(t, c.config)
			if c.parts > 0 {
				server.Post(manyParts(c.parts))
			}
			repeat(server, c.more)
			wanted := make(map[string]bool)
			want := func(e types.BaseEvent) {
				head, origin := e.GetEvent(), &event.Origin{InstanceUUID: server.InstanceUUID()}
				wanted[(&event.Event{Origin: origin, Key: head.Key, Created: head.CreatedTime}).ID()] = true
			}
			for _, e := range server.Events(0) {
				if c.visible == nil || c.visible(e.GetEvent().Key) {
					want(e)
				}
			}
			total := len(wanted) + c.live
			peak := readApart(t, server, wanted, total, func() { stream(server, c.live, want) })
			fmt.Printf("memory: %-32s peak %3d MiB of %d, %d of %d events\n", c.name, peak, memoryGoal, total-len(wanted), total)
			if len(wanted) > 0 {
				t.Errorf("%d of %d events did not come", len(wanted), total)
			}
			if peak >= memoryGoal {
				t.Errorf("the peak is %d MiB, the goal is less than %d", peak, memoryGoal)
			}
		})
	}
}

func manyParts(n int) types.BaseEvent {
	body := &types.EventEx{EventTypeId: "com.example.parts", Severity: "info"}
	for range n {
		body.Arguments = append(body.Arguments, types.KeyAnyValue{Key: "part", Value: strings.Repeat("x", 80)})
	}
	return body
}

// stream adds n events, one every 200 ms and a large one in their midst, and hands each to posted. The large one remains the
// newest for a second: nobody would be told of it if the next one came at once.
func stream(server *vcsim.Server, n int, posted func(types.BaseEvent)) {
	first := firstOf(server)
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for i := range n {
		<-ticker.C
		if i != n/2 {
			posted(server.Post(first[i%len(first)]))
			continue
		}
		posted(server.Post(&types.EventEx{
			EventTypeId: "com.example.large", Severity: "info", Message: strings.Repeat("0123456789abcdef", 50<<20/16),
		}))
		for range 4 {
			<-ticker.C
		}
	}
}

// repeat adds n events like the first ones.
func repeat(server *vcsim.Server, n int) {
	first := firstOf(server)
	for i := range n {
		server.Post(first[i%len(first)])
	}
}

func firstOf(server *vcsim.Server) []types.BaseEvent {
	var first []types.BaseEvent
	for i, e := range server.Events(0) {
		if i > 1000 {
			break
		}
		first = append(first, e)
	}
	return first
}

// readApart runs this test binary again as a process that reads until so many events came, takes those from wanted, and
// returns the largest resident set of the process in MiB. It calls idle when the process has read all there was at first.
func readApart(t *testing.T, server *vcsim.Server, wanted map[string]bool, total int, idle func()) (peak int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), memoryTimeout)
	defer cancel()
	task, err := json.Marshal(readTask{URL: server.URL().String(), Thumbprint: server.Thumbprint(), Events: total})
	if err != nil {
		t.Fatal(err)
	}
	reader := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestMemoryReader$")
	reader.Env = []string{memoryTask + "=" + string(task)} // and no GOGC or GOMEMLIMIT: `vcrelay run` sets none either
	reader.Stderr = os.Stderr
	output, err := reader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	idle = sync.OnceFunc(idle)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		line := lines.Text()
		delete(wanted, line)
		if line == memoryIdle {
			idle()
		}
		if kib, found := strings.CutPrefix(line, memoryPeak); found {
			if peak, err = strconv.Atoi(kib); err != nil {
				t.Error(err)
			}
		}
	}
	if err := reader.Wait(); err != nil || peak == 0 {
		t.Errorf("the reader has not come to the end: %v", err)
	}
	return peak >> 10
}

// readTask is what a process is to read.
type readTask struct {
	URL, Thumbprint string
	Events          int
}

// TestMemoryReader is no test: it is the process that readApart starts. It ends when it has its events and vCenter has no
// more, so that what idle readers do is measured as well.
func TestMemoryReader(t *testing.T) {
	text := os.Getenv(memoryTask)
	if text == "" {
		t.Skip("this is the reader of TestPeakMemory")
	}
	var task readTask
	if err := json.Unmarshal([]byte(text), &task); err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(task.URL)
	if err != nil {
		t.Fatal(err)
	}
	source := connect(t, vim.Config{
		URL: address, Name: "lab", Thumbprint: task.Thumbprint,
		Credentials: vcsimtest.Credentials,
	})
	out := bufio.NewWriter(os.Stdout)
	readToEnd(t, source, task.Events, func(e *event.Event) { fmt.Fprintln(out, e.ID()) }, func() {
		fmt.Fprintln(out, memoryIdle)
		_ = out.Flush() // an error comes again at the end
	})
	fmt.Fprintf(out, "%s%d\n", memoryPeak, peakKiB(t))
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

// readToEnd reads at least n events, and on until vCenter has no more. It calls idle whenever that is so.
func readToEnd(t *testing.T, source *vcenter.Source, n int, take func(*event.Event), idle func()) {
	t.Helper()
	reader, err := source.Open(t.Context(), event.Position{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(t.Context())
	for done := false; n > 0 || !done; {
		page, err := reader.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if done = len(page.Events) == 0; done {
			idle()
		}
		for i := range page.Events {
			if e := &page.Events[i]; !e.IsAnnouncement() {
				take(e)
				n--
			}
		}
	}
}

// peakKiB is the largest resident set that this process has had.
func peakKiB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kib
		}
	}
	t.Fatal("no VmHWM in /proc")
	return 0
}
