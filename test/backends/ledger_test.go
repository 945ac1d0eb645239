//go:build e2e

package backends_test

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/test/backends"
)

// ledger is what reached the function, and the files of dead letters, read on each time that it is asked.
type ledger struct {
	t       *testing.T
	path    string
	letters string // folder of files <day>/<id>.json; empty where dead letters come to the function

	offset   int64
	arrivals []backends.Arrival
	filed    map[string]bool
}

// all returns what has arrived so far, in order.
func (l *ledger) all() []backends.Arrival {
	l.t.Helper()
	l.readOn()
	l.readLetters()
	return l.arrivals
}

func (l *ledger) readOn() {
	l.t.Helper()
	file, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Seek(l.offset, io.SeekStart); err != nil {
		l.t.Fatal(err)
	}
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return // a line that is being written is read the next time
		}
		l.offset += int64(len(line))
		if a, ok := backends.ParseArrival(strings.TrimSuffix(line, "\n")); ok {
			l.arrivals = append(l.arrivals, a)
		}
	}
}

func (l *ledger) readLetters() {
	paths, _ := filepath.Glob(filepath.Join(l.letters, "*", "*.json"))
	for _, path := range paths {
		if l.letters == "" || l.filed[path] {
			continue
		}
		if l.filed == nil {
			l.filed = make(map[string]bool)
		}
		l.filed[path] = true
		id := strings.TrimSuffix(filepath.Base(path), ".json")
		l.arrivals = append(l.arrivals, backends.Arrival{ID: id, At: time.Now(), Outcome: backends.Letter})
	}
}

// count is how many of the ids have arrived with that outcome.
func (l *ledger) count(outcome string, ids ...string) (n int) {
	l.t.Helper()
	arrived := make(map[string]bool)
	for _, a := range l.all() {
		arrived[a.ID] = arrived[a.ID] || a.Outcome == outcome
	}
	for _, id := range ids {
		if arrived[id] {
			n++
		}
	}
	return n
}

// has reports whether an event that was created since began has arrived since back.
func (l *ledger) has(began, back time.Time) bool {
	l.t.Helper()
	all := l.all()
	for i := len(all) - 1; i >= 0 && !all[i].At.Before(back); i-- {
		if a := all[i]; a.Outcome == backends.Handled && !backends.CreatedAt(a.ID).Before(began) {
			return true
		}
	}
	return false
}
