package backends

import (
	"strconv"
	"strings"
	"time"
)

// Outcomes of a delivery.
const (
	Handled = "handled"
	Refused = "refused" // by the function, which always refuses such an event
	Letter  = "letter"  // arrived where dead letters go
	Told    = "told"    // an announcement of the relay
)

// Arrival is one delivery, as the function wrote it down.
type Arrival struct {
	ID       string
	At       time.Time
	Outcome  string
	Entity   string // empty where the event is about none
	Sequence string // sorts as text in vCenter's order
}

// ParseArrival reads a line of a function's ledger: id, time, outcome, entity, sequence, with tabs between.
func ParseArrival(line string) (a Arrival, ok bool) {
	fields := strings.Split(line, "\t")
	if len(fields) != 5 {
		return a, false
	}
	at, err := time.Parse(time.RFC3339Nano, fields[1])
	return Arrival{ID: fields[0], At: at, Outcome: fields[2], Entity: fields[3], Sequence: fields[4]}, err == nil
}

// Line is what ParseArrival reads.
func (a Arrival) Line() string {
	return strings.Join([]string{a.ID, a.At.UTC().Format(time.RFC3339Nano), a.Outcome, a.Entity, a.Sequence}, "\t")
}

// CreatedAt is when vCenter made the event, the last part of its id; the zero time for an id in another form.
func CreatedAt(id string) time.Time {
	micros, err := strconv.ParseInt(id[strings.LastIndexByte(id, '-')+1:], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}

// Span is the time of one phase, until the next one begins.
type Span struct {
	Name  string
	Began time.Time
	Back  time.Time // since when everything that the phase took away is there again
}

// Phase is what became of the events that were created in a span.
type Phase struct {
	Name      string
	Created   int
	Delivered int // handled, or refused and then among the dead letters
	Lost      int
	Aside     int      `json:",omitempty"` // of them, dead letters that the function never refused
	Twice     int      // deliveries of an event after its first
	Acked     *float64 `json:",omitempty"` // seconds until the relay had an acknowledgement again; nil where nobody asked
	Again     *float64 `json:",omitempty"` // seconds until an event of this span reached the function; nil for never
	Note      string   `json:",omitempty"`
}

// fate is what became of one event.
type fate struct {
	handled, letters int
	refused          bool
}

func (f fate) delivered() bool { return f.handled > 0 || f.letters > 0 }

// Judge assigns each id of the vCenter's log to the span in which it was created, those from before all spans to the first, and
// counts its arrivals. Foreign are ids that arrived and are not in the log: an event was sent with another id.
func Judge(log []string, spans []Span, arrivals []Arrival) (phases []Phase, foreign int) {
	fates := make(map[string]*fate, len(log))
	for _, id := range log {
		fates[id] = new(fate)
	}
	phases = make([]Phase, len(spans))
	for i, span := range spans {
		phases[i].Name = span.Name
	}
	for _, a := range arrivals {
		f, known := fates[a.ID]
		if !known {
			if a.Outcome != Told {
				foreign++
			}
			continue
		}
		f.count(a.Outcome)
		if n := spanOf(spans, CreatedAt(a.ID)); a.Outcome != Refused && !a.At.Before(spans[n].Back) && phases[n].Again == nil {
			seconds := a.At.Sub(spans[n].Back).Seconds()
			phases[n].Again = &seconds
		}
	}
	for _, id := range log {
		phases[spanOf(spans, CreatedAt(id))].add(*fates[id])
	}
	return phases, foreign
}

func (f *fate) count(outcome string) {
	switch outcome {
	case Handled:
		f.handled++
	case Refused:
		f.refused = true
	case Letter:
		f.letters++
	}
}

func (p *Phase) add(f fate) {
	p.Created++
	if f.delivered() {
		p.Delivered++
		p.Twice += f.handled + f.letters - 1
		if f.handled == 0 && !f.refused {
			p.Aside++
		}
	} else {
		p.Lost++
	}
}

// spanOf is the last span that had begun.
func spanOf(spans []Span, at time.Time) int {
	n := 0
	for i, span := range spans {
		if !at.Before(span.Began) {
			n = i
		}
	}
	return n
}

// Order is in what order the function handled events.
type Order struct {
	Events       int
	Entities     int
	BehindEntity int // events that came after a later one of their entity
	Behind       int // events that came after a later one of the vCenter
}

// JudgeOrder looks at the first copies of events that were created from one time to another.
func JudgeOrder(arrivals []Arrival, from, to time.Time) (o Order) {
	seen, last, newest := make(map[string]bool), make(map[string]string), ""
	for _, a := range arrivals {
		at := CreatedAt(a.ID)
		if a.Outcome != Handled || seen[a.ID] || at.Before(from) || !at.Before(to) {
			continue
		}
		seen[a.ID] = true
		o.Events++
		if a.Sequence < newest {
			o.Behind++
		}
		newest = max(newest, a.Sequence)
		if a.Entity == "" {
			continue
		}
		if a.Sequence < last[a.Entity] {
			o.BehindEntity++
		}
		last[a.Entity] = max(last[a.Entity], a.Sequence)
	}
	o.Entities = len(last)
	return o
}
