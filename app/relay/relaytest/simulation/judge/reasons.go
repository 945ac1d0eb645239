package judge

// reasons applies GapAnnounced: nothing is announced without a cause, and what the burst filter left out is told.
func (t *trial) reasons() {
	rewound := make(map[int]int) // one that was replaced and does not know yet tells by its own position, which is an older one
	compressed := make(map[int32]int)
	for n := range t.announced {
		a := &t.announced[n]
		if a.repeated {
			continue
		}
		switch a.kind {
		case "gap":
			if !t.purgedOrBroken(a) {
				t.find("GapAnnounced", a.at, "gap %d to %d (%s) has no cause", a.FromKey, a.ToKey, a.Reason)
			}
		case "rewound":
			if rewound[a.stray]++; rewound[a.stray] > t.newBeginnings(a) {
				t.find("GapAnnounced", a.at, "the %dth rewound, %d to %d (%s), has no cause", rewound[a.stray], a.FromKey, a.ToKey, a.Reason)
			}
		case "stalled":
			if !t.hole(a) {
				t.find("GapAnnounced", a.at, "stalled, %d to %d, has no cause", a.FromKey, a.ToKey)
			}
		case "compressed":
			compressed[a.FromKey] = a.Count
		default:
			t.find("GapAnnounced", a.at, "announcement of an unknown kind %q", a.kind)
		}
	}
	for i := range t.rows {
		if r := &t.record.Rows[i]; r.Burst > 0 && t.rows[i].accepted && compressed[r.Key] != r.Burst {
			t.find("GapAnnounced", t.rows[i].taken, "%s says that %d events were compressed, announced are %d", t.describe(i), r.Burst, compressed[r.Key])
		}
	}
}

// purgedOrBroken tells whether a row in the stretch, or the one before it, had gone, or whether one in it cannot be read.
func (t *trial) purgedOrBroken(a *announcement) bool {
	for i := range t.rows {
		r := &t.record.Rows[i]
		first := r.Key == a.FromKey && r.Created == a.From.UnixMicro()
		switch {
		case r.Visible > a.at || !first && !a.names(r):
		case r.Broken, r.Fate != Stored && r.Ended <= a.at:
			return true
		}
	}
	return false
}

// newBeginnings counts restores and wraps until an announcement.
func (t *trial) newBeginnings(a *announcement) int {
	n := 0
	for _, r := range t.record.Restores {
		if r.At <= a.at {
			n++
		}
	}
	for _, at := range t.record.Wraps {
		if at <= a.at {
			n += 2 // keys from both ends may be mixed where they were created at the same instant
		}
	}
	return n
}

// page is how many rows vCenter returns at once.
const page = 1000

// hole tells whether so many rows in the stretch are hidden that they may fill a page, or whether the keys do not tell.
func (t *trial) hole(a *announcement) bool {
	hidden := 0
	for i := range t.rows {
		if r := &t.record.Rows[i]; r.Hidden && r.Visible <= a.at && a.names(r) {
			hidden++
		}
	}
	return hidden >= page/2 || t.newBeginnings(a) > 0
}
