package judge

import (
	"encoding/json"
	"strings"
	"time"
)

// mostTold is how often a process may tell again what it has told: each time that it begins to read anew. The id is the
// same, so it counts as one announcement.
const mostTold = 10

// announcement is what the relay said about a stretch of history.
type announcement struct {
	kind     string
	at       time.Duration
	id       string
	accepted bool
	repeated bool
	stray    int // the process that told it, when that did not know yet that another one owns the stream; else 0

	Reason  string    `json:"reason"`
	FromKey int32     `json:"fromKey"`
	ToKey   int32     `json:"toKey"`
	From    time.Time `json:"fromTime"`
	To      time.Time `json:"toTime"`
	Count   int       `json:"count"`
}

func (t *trial) takeNotice(step *Step, a *attempt) {
	kind := strings.TrimSuffix(strings.TrimPrefix(step.Delivery.Type, "com.vcrelay."), ".v1")
	n := announcement{kind: kind, at: step.At, id: step.Delivery.ID}
	if err := json.Unmarshal([]byte(step.Delivery.Data), &n); err != nil || n.Reason == "" {
		t.find("GapAnnounced", step.At, "announcement %s cannot be read: %q, %v", n.id, step.Delivery.Data, err)
	}
	if !strings.HasPrefix(n.id, t.record.Instance+"-"+kind+"-") {
		t.find("SameId", step.At, "announcement %s of kind %s has an id of another form", n.id, kind)
	}
	if p := t.processes[step.Process]; p != nil && p.replaced {
		n.stray = step.Process
	}
	last, repeated := t.taken[n.id]
	if repeated {
		n.repeated = true
		if before := t.attempts[last]; before.accepted && before.process == step.Process {
			t.told[n.id]++
		}
		if t.told[n.id] == mostTold {
			t.find("DupBound", step.At, "announcement %s was taken %d times more although the target had said yes", n.id, mostTold)
		}
	}
	t.taken[n.id] = step.Attempt
	t.announced = append(t.announced, n)
	a.notices = append(a.notices, len(t.announced)-1)
}

// covered tells whether an announcement that was made until then names the place of a row.
func (t *trial) covered(i int, at time.Duration) bool {
	for n := range t.announced {
		if a := &t.announced[n]; a.kind != "stalled" && a.at <= at && a.names(&t.record.Rows[i]) {
			return true
		}
	}
	return false
}

// unsure tells whether an announcement that was made until then says that rows may be left behind where this one stands:
// among many that the account may not see. One that a restore had erased by then stood somewhere else: its key was used again.
func (t *trial) unsure(i int, at time.Duration) bool {
	r := &t.record.Rows[i]
	for n := range t.announced {
		a := &t.announced[n]
		erased := r.Fate == Erased && r.Ended <= a.at
		if a.kind == "stalled" && a.at <= at && !erased && a.names(r) {
			return true
		}
	}
	return false
}

// names tells whether the row lies between the ends, by time or by key. An end that is not told is open.
func (a *announcement) names(r *Row) bool {
	if a.kind == "compressed" || r.Visible > a.at {
		return false
	}
	if a.spans(r) {
		return true
	}
	if a.FromKey == 0 || r.Key-a.FromKey <= 0 {
		return false
	}
	return a.kind == "rewound" || a.ToKey == 0 || a.ToKey-r.Key > 0
}

// spans tells whether the row lies between the ends by time.
func (a *announcement) spans(r *Row) bool {
	created := r.Created
	return (a.From.IsZero() || a.From.UnixMicro() <= created) && (a.To.IsZero() || created <= a.To.UnixMicro())
}
