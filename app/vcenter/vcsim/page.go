package vcsim

import "github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"

// latestPage holds the newest events that match, oldest first. It is filled when first looked at and from then on
// costs only what was added.
type latestPage struct {
	size   int
	cursor *history.Cursor // of its own; nil until somebody looks
	rows   []history.Row
	pushed int // rows that have entered, ever
	told   int // of them, those that waiting clients know of
}

// update brings the page up to date.
func (p *latestPage) update(open func() *history.Cursor) {
	if p.cursor == nil {
		p.cursor = open()
		p.cursor.End()
		p.cursor.Previous(p.size)
		defer func() { p.told = p.pushed }() // who looks first sees this page
	}
	for more := p.cursor.Next(maxPageSize); len(more) > 0; more = p.cursor.Next(maxPageSize) {
		p.pushed += len(more)
		p.rows = append(p.rows, more...)
		if extra := len(p.rows) - p.size; extra > 0 {
			p.rows = append(p.rows[:0], p.rows[extra:]...)
		}
	}
}

// tell says whether the page has changed since it was last told. That somebody has looked meanwhile does not count:
// others may be waiting.
func (p *latestPage) tell() bool {
	changed := p.told != p.pushed
	p.told = p.pushed
	return changed
}
