package backends

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Table is the result for people: a table in Markdown with aligned columns, and a line for each other thing.
func (r *Result) Table() string {
	rows := [][]string{{"phase", "created", "delivered", "lost", "twice", "acknowledged again", "delivered again", "note"}}
	for _, p := range append(r.Phases, r.Total()) {
		rows = append(rows, []string{
			p.Name, number(p.Created), number(p.Delivered), number(p.Lost), number(p.Twice), seconds(p.Acked), seconds(p.Again), p.Note,
		})
	}
	rows[len(rows)-1][6] = "" // never asked of all phases together
	return align(rows) + "\n" + align(r.facts())
}

// facts are what is not counted by phase.
func (r *Result) facts() [][]string {
	return [][]string{
		{"what", "measured"},
		{"dead letters", r.letters()},
		{"order at the function", r.Order.String()},
		{"largest event", r.Largest.String()},
		{"throughput", r.Speed.String()},
		{"versions", strings.Join(r.Versions, ", ")},
		{"run", fmt.Sprintf("%s, %s, %d s", r.Date, r.Form(), r.Seconds)},
	}
}

func (r *Result) letters() string {
	if r.Refused == 0 {
		return "not measured"
	}
	return fmt.Sprintf("%d of %d refused events", r.Letters, r.Refused)
}

// Form says which of the two certifications it was.
func (r *Result) Form() string {
	if r.Short {
		return "short form"
	}
	return "long form"
}

func (o Order) String() string {
	return fmt.Sprintf("of %s events of %s entities, %s behind a later one of their entity, %s behind a later one of the vCenter",
		number(o.Events), number(o.Entities), number(o.BehindEntity), number(o.Behind))
}

func (l Largest) String() string {
	if l == (Largest{}) {
		return "not measured"
	}
	text := size(l.Delivered) + " came through"
	if l.Lost > 0 {
		text += ", " + size(l.Lost) + " was acknowledged and never arrived"
	}
	if l.Refused > 0 {
		text += ", " + size(l.Refused) + " was refused: " + l.Why
	}
	return text
}

func (s Speed) String() string {
	if s.Bare == 0 {
		return "not measured"
	}
	return fmt.Sprintf("relay %s events/s, %s %s events/s, ratio %.2f", number(int(s.Relay)), s.Loop, number(int(s.Bare)), s.Relay/s.Bare)
}

func seconds(s *float64) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f s", *s)
}

// size is in binary units where it has one: sizes are chosen so.
func size(bytes int) string {
	switch {
	case bytes >= 1<<20 && bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	case bytes%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return number(bytes) + " bytes"
}

// number has a comma between thousands.
func number(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// align is a Markdown table whose columns are as wide as their widest cell, the last one excepted.
func align(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for n, row := range rows {
		writeRow(&out, row, widths)
		if n == 0 {
			rule := make([]string, len(row))
			for i := range rule {
				rule[i] = "---"
			}
			writeRow(&out, rule, widths)
		}
	}
	return out.String()
}

func writeRow(out *strings.Builder, row []string, widths []int) {
	for i, cell := range row {
		if i < len(row)-1 {
			cell += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		}
		out.WriteString("| " + cell + " ")
	}
	out.WriteString("|\n")
}
