package judge

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Patience is how long the relay may take, without trouble, to bring a row that can be read.
const Patience = 5 * time.Minute

// maxFindings bounds what is kept of one day: a relay that is wrong is so thousands of times.
const maxFindings = 20

// Finding is a broken rule.
type Finding struct {
	Rule string
	At   time.Duration
	Text string
}

// String is the finding on one line.
func (f Finding) String() string { return fmt.Sprintf("%s at %v: %s", f.Rule, f.At, f.Text) }

// Verdict is the judgement of one day.
type Verdict struct {
	Findings   []Finding // the first ones
	Rows       int       // that had to be relayed
	Lost       int       // of them neither taken nor announced, or kept back though they could be read
	Unsure     int       // announced only as standing among many that the account may not see, and not taken
	Duplicates int       // rows taken once more
	MaxLag     time.Duration
}

// Add adds the judgement of another stream of the day, which has a number.
func (v *Verdict) Add(other Verdict, stream int) {
	for _, f := range other.Findings {
		if f.Text += fmt.Sprintf(" [stream %d]", stream); len(v.Findings) < maxFindings {
			v.Findings = append(v.Findings, f)
		}
	}
	v.Rows += other.Rows
	v.Lost += other.Lost
	v.Unsure += other.Unsure
	v.Duplicates += other.Duplicates
	v.MaxLag = max(v.MaxLag, other.MaxLag)
}

// Of judges a record. It does not change it.
func Of(record *Record) Verdict {
	t := &trial{record: record, rows: make([]state, len(record.Rows)), seen: make(map[string]bool)}
	for _, fault := range record.Faults {
		t.find("Alive", 0, "%s", fault)
	}
	t.walk()
	t.completeness()
	t.order()
	t.reasons()
	return t.verdict
}

// trial is a judgement under way.
type trial struct {
	record  *Record
	verdict Verdict
	rows    []state
	seen    map[string]bool // rules that have too many findings

	start     int64 // unix microseconds: what was created before the first start is not wanted
	started   bool
	stored    *position
	sequence  int // of first deliveries
	open      []int
	next      []int // rows by the time at which they could be read, those not yet looked at
	attempts  map[int]*attempt
	announced []announcement
	taken     map[string]int // announcements by id: the attempt that brought it last
	told      map[string]int // announcements by id: how often they came again without need
	processes map[int]*process
}

// state is what is known of a row.
type state struct {
	taken    time.Duration // first
	place    int           // among first deliveries, from 1; 0: never taken
	late     bool          // it was marked so then
	process  int           // that brought it first
	again    int           // that brought it last
	by       []int         // all that brought it
	stray    bool          // it came from a process that did not know yet that another one owns the stream
	accepted bool
	attempt  int // that brought it last
	saved    bool
}

type attempt struct {
	process  int
	rows     []int
	notices  []int // in announced
	accepted bool
}

type process struct {
	refused  bool         // the last that it heard from the target was a refusal
	unsaved  map[int]bool // rows that it had acknowledged and not stored
	replaced bool         // another process took over the stream since
	strays   int          // rows that it had taken once more since
}

func (t *trial) find(rule string, at time.Duration, format string, arguments ...any) {
	if len(t.verdict.Findings) < maxFindings {
		t.verdict.Findings = append(t.verdict.Findings, Finding{Rule: rule, At: at, Text: fmt.Sprintf(format, arguments...)})
	}
}

// describe names a row for people.
func (t *trial) describe(i int) string {
	r := &t.record.Rows[i]
	text := fmt.Sprintf("row %d (key %d, created %s, entity %q, visible at %v", i, r.Key,
		time.UnixMicro(r.Created).UTC().Format("15:04:05.000000"), r.Entity, r.Visible)
	if r.Fate != Stored {
		text += fmt.Sprintf(", %s at %v", [...]string{"", "purged", "erased"}[r.Fate], r.Ended)
	}
	return text + ")"
}

// id is the id of a row by the judge's own formula.
func (t *trial) id(r *Row) string {
	return t.record.Instance + "-" + strconv.Itoa(int(r.Key)) + "-" + strconv.FormatInt(r.Created, 10)
}

// rowOf reads which row a delivery is of.
func (t *trial) rowOf(d *Delivery) (int, bool) {
	rest, found := strings.CutPrefix(d.Data, `{"row":`)
	end := strings.IndexAny(rest, ",}")
	if !found || end < 0 {
		return 0, false
	}
	i, err := strconv.Atoi(rest[:end])
	return i, err == nil && 0 <= i && i < len(t.rows)
}
