package vcsim

// latestPage holds the newest events that match, oldest first. It is filled when first looked at and from then on
// costs only what was added.
type latestPage struct {
	size    int
	watched bool
	seen    int // records before this position have been considered
	told    int // end of the page that waiting clients know of
	entries []pageEntry
}

type pageEntry struct {
	record
	position int
}

// update brings the page up to the view.
func (p *latestPage) update(v view, match filter) {
	if !p.watched {
		p.watched, p.seen = true, p.floor(v, match)
		defer func() { p.told = p.end() }() // who looks first sees this page
	}
	for ; p.seen < v.len(); p.seen++ {
		if r := v.records[p.seen]; match.matches(r) {
			p.push(pageEntry{record: r, position: p.seen})
		}
	}
}

// tell says whether the page has changed since it was last told. That somebody has looked meanwhile does not count:
// others may be waiting.
func (p *latestPage) tell() bool {
	changed := p.told != p.end()
	p.told = p.end()
	return changed
}

// end is the position after the page's newest event, 0 for an empty page.
func (p *latestPage) end() int {
	if len(p.entries) == 0 {
		return 0
	}
	return p.entries[len(p.entries)-1].position + 1
}

// floor finds where a first page begins, from the end: a full page ends the search.
func (p *latestPage) floor(v view, match filter) int {
	position := v.len()
	for found := 0; position > 0 && found < p.size; position-- {
		if match.matches(v.records[position-1]) {
			found++
		}
	}
	return position
}

func (p *latestPage) push(entry pageEntry) {
	p.entries = append(p.entries, entry)
	if extra := len(p.entries) - p.size; extra > 0 {
		p.entries = append(p.entries[:0], p.entries[extra:]...)
	}
}

// start is the position of the page's oldest event, the end of the log for an empty page.
func (p *latestPage) start(v view) int {
	if len(p.entries) == 0 {
		return v.len()
	}
	return p.entries[0].position
}
