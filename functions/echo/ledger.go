package echo

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/vcrelay/vcrelay/functions/fn"
)

// ledger is a file of CloudEvent ids, one a line, in the order of delivery. It is appended to by one write per id, so
// several processes may share it, and it survives the death of the process (not of the machine: it is not synced).
type ledger struct {
	file  *os.File
	times bool // behind the id stands when it arrived
}

// arrival is how the time of an arrival is written, behind a tab: an id that was cleaned has none.
const arrival = "\t2006-01-02T15:04:05.000000Z"

// openLedger without VCRELAY_ECHO_LEDGER returns a ledger that forgets.
func openLedger(env fn.Env) (*ledger, error) {
	times, err := ledgerTimes(env("VCRELAY_ECHO_LEDGER_TIMES"))
	path := env("VCRELAY_ECHO_LEDGER")
	if err != nil || path == "" {
		return &ledger{}, err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the operator's own path
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w; set VCRELAY_ECHO_LEDGER to a file in a directory that exists and is writable", err)
	}
	return &ledger{file: file, times: times}, nil
}

func ledgerTimes(text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	times, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("VCRELAY_ECHO_LEDGER_TIMES=%q: give true or false", text)
	}
	return times, nil
}

// append is safe for concurrent use. The id is cleaned, so that one delivery stays one line.
func (l *ledger) append(id string) error {
	if l.file == nil {
		return nil
	}
	line := clean(id)
	if l.times {
		line += time.Now().UTC().Format(arrival)
	}
	if _, err := l.file.WriteString(line + "\n"); err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	return nil
}

// Close closes the file.
func (l *ledger) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
