package echo

import (
	"fmt"
	"os"
)

// ledger is a file of CloudEvent ids, one a line, in the order of delivery. It is appended to by one write per id, so
// several processes may share it, and it survives the death of the process (not of the machine: it is not synced).
type ledger struct{ file *os.File }

// openLedger with an empty path returns a ledger that forgets.
func openLedger(path string) (*ledger, error) {
	if path == "" {
		return &ledger{}, nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the operator's own path
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w; set VCRELAY_ECHO_LEDGER to a file in a directory that exists and is writable", err)
	}
	return &ledger{file: file}, nil
}

// append is safe for concurrent use. The id is cleaned, so that one delivery stays one line.
func (l *ledger) append(id string) error {
	if l.file == nil {
		return nil
	}
	if _, err := l.file.WriteString(clean(id) + "\n"); err != nil {
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
