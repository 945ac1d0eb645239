package backends

import (
	_ "embed" // the page's text
	"fmt"
	"slices"
	"strings"
	"text/template"
)

//go:embed page.md.tmpl
var pageText string

var page = template.Must(template.New("backends.md").Funcs(template.FuncMap{"join": strings.Join}).Parse(pageText))

// Page is docs/backends.md, made of the newest result of each backend.
func Page(results []Result) (string, error) {
	var out strings.Builder
	err := page.Execute(&out, struct {
		Summary, Order, CanLose string
		Results                 []section
		NotRun                  []string
		Goal, Limit             string
	}{
		Summary: summary(results), Order: orders(results), CanLose: canLose(), Results: sections(results), NotRun: notRun(results),
		Goal: RecoveryGoal.String(), Limit: RecoveryLimit.String(),
	})
	if err != nil {
		return "", fmt.Errorf("write page of backends: %w", err)
	}
	return out.String(), nil
}

// section is one backend on the page.
type section struct {
	Title, Name, Table string
	Failures           []string
}

func sections(results []Result) (all []section) {
	for _, b := range All() {
		if r := resultOf(results, b.Name); r != nil {
			all = append(all, section{Title: b.Title, Name: b.Name, Table: r.Table(), Failures: r.Failures})
		}
	}
	return all
}

func resultOf(results []Result, name string) *Result {
	n := slices.IndexFunc(results, func(r Result) bool { return r.Backend == name })
	if n < 0 {
		return nil
	}
	return &results[n]
}

func summary(results []Result) string {
	rows := [][]string{{"backend", "run", "events", "lost", "twice", "dead letters", "longest until arrivals again", "largest event", "relay beside the bare loop"}}
	for _, b := range All() {
		r := resultOf(results, b.Name)
		if r == nil {
			continue
		}
		all := r.Total()
		rows = append(rows, []string{
			fmt.Sprintf("[%s](../components/%s)", b.Title, b.Name), r.Date + ", " + r.Form(), number(all.Created), number(all.Lost), number(all.Twice),
			strings.TrimSuffix(r.letters(), " refused events"), r.longest(), size(r.Largest.Delivered), fmt.Sprintf("%.2f", r.Speed.Relay/max(r.Speed.Bare, 1)),
		})
	}
	return align(rows)
}

// longest is the longest time until events arrived again.
func (r *Result) longest() string {
	most, never := 0.0, ""
	for _, p := range r.Phases {
		if p.Again == nil {
			never = "; once not by itself"
			continue
		}
		most = max(most, *p.Again)
	}
	return seconds(&most) + never
}

// orders is what of the written order reaches the function.
func orders(results []Result) string {
	rows := [][]string{{"backend", "events", "entities", "behind a later one of their entity", "behind a later one of the vCenter"}}
	for _, b := range All() {
		if r := resultOf(results, b.Name); r != nil {
			o := r.Order
			rows = append(rows, []string{b.Title, number(o.Events), number(o.Entities), number(o.BehindEntity), number(o.Behind)})
		}
	}
	return align(rows)
}

func canLose() string {
	rows := [][]string{{"backend", "what it can lose by its nature"}}
	for _, b := range All() {
		if b.CanLose != "" {
			rows = append(rows, []string{b.Title, b.CanLose})
		}
	}
	return align(rows)
}

func notRun(results []Result) (all []string) {
	for _, b := range All() {
		if resultOf(results, b.Name) != nil {
			continue
		}
		why := b.NotRun
		if why == "" {
			why = "it can be certified here, and its result is not in yet"
		}
		all = append(all, fmt.Sprintf("%s (`%s`): %s.", b.Title, b.Name, why))
	}
	return all
}
