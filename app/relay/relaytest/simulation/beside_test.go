package simulation_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation"
)

const (
	mark    = "day: "          // before the result of a day, on a line of a worker's output
	hangs   = 90 * time.Second // a day that takes that long never ends
	tail    = 40               // lines of a worker that ended by itself
	collect = "400"            // GOGC: a day leaves little behind
)

// work simulates every step-th day and writes the results for the process that started this one.
func work(t *testing.T) {
	for i := uint64(0); i < uint64(*seeds); i += *step { //nolint:gosec // not negative
		result := day(t, *first+i)
		line, err := json.Marshal(result)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("\n%s%s\n", mark, line)
	}
}

// beside simulates days in as many processes as there are processors, each with one, since the order of goroutines is
// repeatable then, or nearly so.
func beside(t *testing.T) {
	began := time.Now()
	results := make(chan simulation.Result)
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for i := range runtime.NumCPU() {
		w := worker{next: uint64(i), step: uint64(runtime.NumCPU()), results: results, stop: stop} //nolint:gosec // small
		workers.Go(func() { w.run(t) })
	}
	go func() { workers.Wait(); close(results) }()
	var report simulation.Report
	printed := time.Now()
	for result := range results {
		report.Add(&result)
		if len(result.Verdict.Findings) > 0 {
			fmt.Print(result.Failure())
			t.Fail()
			if *until {
				once(stop)
			}
		}
		if time.Since(printed) > 15*time.Second {
			printed = time.Now()
			fmt.Printf("%d of %d seeds, %d failed, %v\n", report.Seeds, *seeds, report.Failed, time.Since(began).Round(time.Second))
		}
	}
	fmt.Print(report.Text(time.Since(began)))
	if rare := report.Rare(); len(rare) > 0 {
		t.Errorf("these faults struck too seldom: %s", strings.Join(rare, ", "))
	}
}

func once(stop chan struct{}) {
	select {
	case <-stop:
	default:
		close(stop)
	}
}

// worker is a process that simulates every step-th day, and another one when it ends before the last.
type worker struct {
	next, step uint64 // days from the first seed
	results    chan<- simulation.Result
	stop       chan struct{}
}

func (w *worker) run(t *testing.T) {
	for w.next < uint64(*seeds) { //nolint:gosec // not negative
		output, ended := w.start(t)
		select {
		case <-w.stop:
			return
		default:
		}
		if ended { // in the midst of a day
			seed := *first + w.next
			w.results <- simulation.Failed(seed, output)
			w.next += w.step
		}
	}
}

// start runs a process to its end, and reports true with the end of its output when that came too early.
func (w *worker) start(t *testing.T) (output string, early bool) {
	command := exec.Command(os.Args[0], "-test.run=^TestSimulate$", "-test.timeout=0",
		"-step="+strconv.FormatUint(w.step, 10), "-first="+strconv.FormatUint(*first+w.next, 10),
		"-seeds="+strconv.FormatUint(uint64(*seeds)-w.next, 10)) //nolint:gosec // not negative
	command.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC="+collect)
	command.Stderr = os.Stderr
	pipe, err := command.StdoutPipe()
	if err != nil {
		t.Error(err)
		return err.Error(), true
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Error(err)
		return err.Error(), true
	}
	defer func() { _ = command.Wait() }() // what it says is in its output
	watchdog := time.AfterFunc(hangs, func() { _ = command.Process.Signal(syscall.SIGQUIT) })
	defer watchdog.Stop()
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 16<<20)
	var last []string
	for lines.Scan() {
		text, isDay := strings.CutPrefix(lines.Text(), mark)
		if !isDay {
			if last = append(last, text); len(last) > tail {
				last = last[1:]
			}
			continue
		}
		watchdog.Reset(hangs)
		last = nil
		var result simulation.Result
		if err := json.Unmarshal([]byte(text), &result); err != nil {
			return err.Error(), true
		}
		select {
		case w.results <- result:
			w.next += w.step
		case <-w.stop:
			_ = command.Process.Kill()
			return "", false
		}
	}
	return strings.Join(last, "\n"), w.next < uint64(*seeds) //nolint:gosec // not negative
}
