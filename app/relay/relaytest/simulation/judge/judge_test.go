package judge_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/relay/relaytest/simulation/judge"
)

const uuid = "3c0f7a10"

var noon = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

// story writes a record: ten rows of one entity, a minute apart from noon on, with keys from 1 on.
type story struct {
	judge.Record
	at      time.Duration
	attempt int
	process int
	done    []int
	held    bool // positions stay at noon
	clock   bool // positions say how far vCenter's clock was ahead: by nothing
}

// setBack is a clock that is set back at half past twelve, as vCenter shows it.
func setBack(by time.Duration) []judge.Clock {
	const at = 30 * time.Minute
	return []judge.Clock{{}, {At: at, Ahead: -by, Shows: noon.Add(at - by).UnixMicro()}}
}

func begin() *story {
	s := &story{Record: judge.Record{Instance: uuid, Batch: 5}}
	for i := range 10 {
		at := time.Duration(i) * time.Minute
		s.Rows = append(s.Rows, judge.Row{
			Key: int32(i + 1), Created: noon.Add(at).UnixMicro(), Entity: "VirtualMachine:vm-1", Visible: at,
		})
	}
	s.start()
	s.save("")
	return s
}

func (s *story) step(step judge.Step) {
	s.at += time.Second
	step.At, step.Process = s.at, s.process
	s.Steps = append(s.Steps, step)
}

// start begins another process.
func (s *story) start() {
	s.process++
	s.step(judge.Step{Act: judge.Acquired})
}

// save stores a position: Low at a time of day, and which rows are done.
func (s *story) save(low string, done ...int) {
	text := `{"epoch":0,"start":"` + noon.Format(time.RFC3339) + `"`
	if low != "" {
		text += `,"low":"2026-11-20T` + low + `Z"`
	}
	if s.clock {
		text += `,"clock":{"theirs":"2026-11-20T12:00:00Z","ours":"2026-11-20T12:00:00Z"}`
	}
	set := []byte{2}
	if len(done) > 0 {
		var keys uint64
		for _, row := range done {
			keys |= 1 << s.Rows[row].Key
		}
		set = binary.LittleEndian.AppendUint64(append(binary.AppendVarint(set, 0), 1), keys)
		set = binary.AppendVarint(set, s.Rows[done[0]].Created)
		set = binary.AppendVarint(set, s.Rows[done[len(done)-1]].Created-s.Rows[done[0]].Created)
	}
	s.step(judge.Step{Act: judge.Written, Position: text + `,"recent":"` + base64.RawStdEncoding.EncodeToString(set) + `"}`})
}

// take has the target take rows in one attempt, at the earliest when the last of them can be read.
func (s *story) take(rows ...int) {
	s.attempt++
	for _, row := range rows {
		s.at = max(s.at, s.Rows[row].Visible)
		s.deliver(s.id(row), row, false)
	}
}

func (s *story) deliver(id string, row int, late bool) {
	s.step(judge.Step{Act: judge.Taken, Attempt: s.attempt, Delivery: judge.Delivery{
		ID: id, Type: "com.vmware.vsphere.VmPoweredOnEvent.v0", Late: late, Data: fmt.Sprintf(`{"row":%d}`, row),
	}})
}

func (s *story) id(row int) string {
	return fmt.Sprintf("%s-%d-%d", uuid, s.Rows[row].Key, s.Rows[row].Created)
}

func (s *story) accept(events int) {
	s.step(judge.Step{Act: judge.Accepted, Attempt: s.attempt, Events: events})
}

// relay takes rows, accepts and stores them, one by one.
func (s *story) relay(rows ...int) {
	for _, row := range rows {
		s.take(row)
		s.accept(1)
		s.done = append(s.done, row)
		s.save(s.low(row), s.done...)
	}
}

func (s *story) low(row int) string {
	if s.held {
		row = 0
	}
	return time.UnixMicro(s.Rows[row].Created).UTC().Format("15:04:05")
}

func (s *story) announce(kind string, fromKey, toKey, from int) {
	const to = 5
	s.attempt++
	s.step(judge.Step{Act: judge.Taken, Attempt: s.attempt, Delivery: judge.Delivery{
		ID: fmt.Sprintf("%s-%s-%d-%d", uuid, kind, fromKey, toKey), Type: "com.vcrelay." + kind + ".v1",
		Data: fmt.Sprintf(`{"reason":"because","fromKey":%d,"toKey":%d,"fromTime":%q,"toTime":%q}`, fromKey, toKey,
			time.UnixMicro(s.Rows[from].Created).UTC().Format(time.RFC3339Nano), time.UnixMicro(s.Rows[to].Created).UTC().Format(time.RFC3339Nano)),
	}})
	s.accept(1)
}

func (s *story) end(row int, fate judge.Fate, at time.Duration) {
	s.Rows[row].Fate, s.Rows[row].Ended = fate, at
}

var all = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}

// but is all rows except one.
func but(row int) []int {
	return append(append([]int(nil), all[:row]...), all[row+1:]...)
}

func TestAPerfectDayHasNoFindings(t *testing.T) {
	s := begin()
	s.relay(all...)
	if v := judge.Of(&s.Record); len(v.Findings) > 0 || v.Rows != 10 || v.Lost != 0 || v.Duplicates != 0 {
		t.Errorf("%+v", v)
	}
}

// Each story but for its last words is one that no rule is broken in.
func TestEachRuleFindsWhatBreaksIt(t *testing.T) {
	for name, check := range map[string]struct {
		rule string
		tell func(*story)
	}{
		"a row is never published":          {"Complete", func(s *story) { s.held = true; s.relay(but(4)...) }},
		"a row is taken and never accepted": {"Complete", func(s *story) { s.relay(but(9)...); s.take(9) }},
		"half an attempt is accepted":       {"Complete", func(s *story) { s.relay(but(9)...); s.take(9); s.accept(2) }},
		"a purged row is not announced":     {"Complete", func(s *story) { s.end(4, judge.Purged, 5*time.Minute); s.relay(but(4)...) }},
		"a row is announced that was there": {"Complete", func(s *story) {
			s.held = true
			s.end(2, judge.Purged, 3*time.Minute)
			s.relay(0, 1)
			s.at = 6 * time.Minute
			s.announce("gap", 2, 6, 1)
			s.relay(5, 6, 7, 8, 9)
		}},
		"an erased row is not announced": {"Complete", func(s *story) {
			s.end(3, judge.Erased, 5*time.Minute)
			s.end(4, judge.Erased, 5*time.Minute)
			s.relay(but(4)...)
		}},
		"a stall is announced where an erased row had been": {"Complete", func(s *story) {
			s.Restores = []judge.Restore{{At: 5 * time.Minute}}
			s.end(3, judge.Erased, 5*time.Minute)
			s.end(4, judge.Erased, 5*time.Minute)
			s.relay(0, 1, 2, 3)
			s.at = 6 * time.Minute
			s.announce("stalled", 4, 6, 3)
			s.relay(5, 6, 7, 8, 9)
		}},
		"an unreadable row is not announced": {"Complete", func(s *story) { s.held = true; s.Rows[4].Broken = true; s.relay(but(4)...) }},
		"a row comes too late":               {"Prompt", func(s *story) { s.relay(but(9)...); s.at = 15 * time.Minute; s.relay(9) }},
		"rows come in the wrong order":       {"Ordered", func(s *story) { s.relay(0, 1, 3, 2, 4, 5, 6, 7, 8, 9) }},
		"a row is marked late without cause": {"Ordered", func(s *story) {
			s.relay(0, 1, 2, 3, 4, 5, 6, 7, 8)
			s.attempt++
			s.at = s.Rows[9].Visible
			s.deliver(s.id(9), 9, true)
			s.accept(1)
		}},
		"a row has another's id": {"SameId", func(s *story) {
			s.relay(but(9)...)
			s.attempt++
			s.at = s.Rows[9].Visible
			s.deliver(s.id(8), 9, false)
			s.accept(1)
		}},
		"a delivery is of no row":   {"SameId", func(s *story) { s.relay(all...); s.attempt++; s.deliver("x", 99, false) }},
		"a hidden row is published": {"SameId", func(s *story) { s.Rows[4].Hidden = true; s.relay(all...) }},
		"an announcement has a free id": {"SameId", func(s *story) {
			s.relay(all...)
			s.attempt++
			s.step(judge.Step{Act: judge.Taken, Attempt: s.attempt, Delivery: judge.Delivery{ID: "x", Type: "com.vcrelay.compressed.v1", Data: `{"reason":"r"}`}})
		}},
		"a row is taken twice": {"DupBound", func(s *story) { s.relay(all...); s.take(9) }},
		"a stored row is taken by the next process": {"DupBound", func(s *story) {
			s.relay(all...)
			s.start()
			s.take(9)
		}},
		"a stored row is taken by the next process, and the clock was set back a little": {"DupBound", func(s *story) {
			s.Clock = setBack(30 * time.Second)
			s.relay(all...)
			s.at = 40 * time.Minute
			s.start()
			s.take(9)
		}},
		"a position is ahead by time, and the clock was set back less": {"NeverAhead", func(s *story) {
			s.Clock = setBack(2 * time.Minute)
			s.clock = true
			s.at = 40 * time.Minute
			s.Trouble = []judge.Span{{End: s.at}}
			s.save("12:05:00")
			s.relay(all...)
		}},
		"a process keeps too many unstored": {"DupBound", func(s *story) {
			for _, row := range all {
				s.take(row)
				s.accept(1)
			}
		}},
		"an announcement comes again for ever": {"DupBound", func(s *story) {
			s.end(4, judge.Purged, 5*time.Minute)
			s.relay(0, 1, 2, 3)
			s.at = 5 * time.Minute
			for range 20 {
				s.announce("gap", 4, 6, 3)
			}
			s.relay(5, 6, 7, 8, 9)
		}},
		"a position is ahead by time":    {"NeverAhead", func(s *story) { s.at = time.Minute; s.save("12:05:00"); s.relay(all...) }},
		"a position is ahead by its set": {"NeverAhead", func(s *story) { s.at = time.Minute; s.save("", 0); s.relay(all...) }},
		"a position cannot be read": {"NeverAhead", func(s *story) {
			s.relay(all...)
			s.step(judge.Step{Act: judge.Written, Position: `{"low":"2026-11-20T12:00:00Z","recent":"AQ"}`})
		}},
		"rows are published before the first position": {"NeverAhead", func(s *story) { s.Steps = s.Steps[:1]; s.relay(all...) }},
		"a gap without a cause":                        {"GapAnnounced", func(s *story) { s.relay(all...); s.announce("gap", 4, 6, 3) }},
		"a rewound without a cause":                    {"GapAnnounced", func(s *story) { s.relay(all...); s.announce("rewound", 4, 2, 3) }},
		"a restore is told twice over": {"GapAnnounced", func(s *story) {
			s.Restores = []judge.Restore{{At: time.Minute}}
			s.relay(all...)
			s.announce("rewound", 4, 2, 3)
			s.announce("rewound", 5, 2, 4)
		}},
		"a restore is told twice over by a process that was replaced": {"GapAnnounced", func(s *story) {
			s.Restores = []judge.Restore{{At: time.Minute}}
			s.relay(all...)
			s.start()
			s.process--
			s.announce("rewound", 4, 2, 3)
			s.announce("rewound", 5, 2, 4)
		}},
		"a stall without a cause":              {"GapAnnounced", func(s *story) { s.relay(all...); s.announce("stalled", 4, 6, 3) }},
		"an unknown announcement":              {"GapAnnounced", func(s *story) { s.relay(all...); s.announce("weather", 4, 6, 3) }},
		"a burst that is not told of":          {"GapAnnounced", func(s *story) { s.Rows[4].Burst = 7; s.relay(all...) }},
		"what the simulation itself has found": {"Alive", func(s *story) { s.relay(all...); s.Faults = []string{"it hangs"} }},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin()
			check.tell(s)
			v := judge.Of(&s.Record)
			if len(v.Findings) == 0 {
				t.Fatal("nothing was found")
			}
			for _, f := range v.Findings {
				if f.Rule != check.rule {
					t.Errorf("found %s, want %s alone", f, check.rule)
				}
			}
			if lost := check.rule == "Complete"; lost && !strings.Contains(name, "accepted") && v.Lost == 0 {
				t.Error("nothing counts as lost")
			}
		})
	}
}

func TestWhatMayHappenIsNotFound(t *testing.T) {
	for name, tell := range map[string]func(*story){
		"a purged row is announced": func(s *story) {
			s.end(4, judge.Purged, 5*time.Minute)
			s.relay(0, 1, 2, 3)
			s.at = 5 * time.Minute
			s.announce("gap", 4, 6, 3)
			s.relay(5, 6, 7, 8, 9)
		},
		"purged rows are announced, and also as some that may be left behind": func(s *story) {
			s.Restores = []judge.Restore{{At: time.Minute}} // so that the keys say nothing about a hole
			s.relay(all...)
			for range 600 {
				s.Rows = append(s.Rows, judge.Row{
					Key: int32(len(s.Rows) + 1), Created: noon.Add(20 * time.Minute).UnixMicro(), Visible: 20 * time.Minute,
					Fate: judge.Purged, Ended: 21 * time.Minute,
				})
			}
			s.at = 22 * time.Minute
			s.announce("stalled", 10, 1000, 9)
			s.announce("gap", 10, 1000, 9)
		},
		"a process that was replaced tells of a restore by where it had stood": func(s *story) {
			s.Restores = []judge.Restore{{At: 15 * time.Minute}}
			s.relay(all...)
			s.at = 20 * time.Minute
			s.start()
			s.announce("rewound", 10, 2, 9)
			s.process--
			s.announce("rewound", 8, 2, 7)
		},
		"a stored row is taken again where the clock was set back far": func(s *story) {
			s.Clock = setBack(25 * time.Minute)
			s.relay(all...)
			s.at = 40 * time.Minute
			s.start()
			s.take(9)
			s.accept(1)
		},
		"a position is ahead by as much as the clock was set back": func(s *story) {
			s.Clock = setBack(20 * time.Minute)
			s.at = 31 * time.Minute
			s.clock = true
			s.save("12:15:00")
			s.Trouble = []judge.Span{{End: 31 * time.Minute}}
			s.relay(all...)
		},
		"what was erased unseen leaves no trace": func(s *story) {
			s.end(4, judge.Erased, 5*time.Minute)
			s.relay(but(4)...)
		},
		"a purged row that could be read for a long time came before": func(s *story) {
			s.relay(all...)
			s.end(0, judge.Purged, time.Hour)
		},
		"a row comes when the trouble is over": func(s *story) {
			s.Trouble = []judge.Span{{Begin: 10 * time.Minute, End: 50 * time.Minute}, {Begin: 5 * time.Minute, End: 12 * time.Minute}}
			s.relay(but(9)...)
			s.at = 52 * time.Minute
			s.relay(9)
		},
		"a late row is behind": func(s *story) {
			s.Rows[4].Delayed, s.Rows[4].Visible, s.held = true, 9*time.Minute, true
			s.relay(but(4)...)
			s.attempt++
			s.deliver(s.id(4), 4, true)
			s.accept(1)
		},
		"the clock was set back": func(s *story) {
			s.Rows[5].Created = s.Rows[3].Created + 1
			s.relay(0, 1, 2, 3, 5, 4, 6, 7, 8, 9)
		},
		"the target had said no": func(s *story) {
			s.relay(but(9)...)
			s.take(9)
			s.relay(9)
		},
		"a process had not stored what it had published": func(s *story) {
			s.relay(but(9)...)
			s.take(9)
			s.accept(1)
			s.start()
			s.relay(9)
		},
		"a process that was replaced goes on for a while": func(s *story) {
			s.relay(but(9)...)
			s.start()
			s.relay(9)
			s.process--
			s.take(9)
		},
		"a process does not know what the one before had published": func(s *story) {
			s.Rows[8].Delayed, s.Rows[8].Visible = true, s.Rows[9].Visible+time.Minute
			s.relay(but(8)[:8]...)
			s.take(9)
			s.accept(1)
			s.start()
			s.relay(8, 9)
		},
		"a suppressed row was seen by nobody": func(s *story) {
			s.Rows[4].Unstored = true
			s.relay(but(4)...)
		},
		"a row never came to be": func(s *story) {
			s.Rows[4] = judge.Row{Absent: true}
			s.relay(but(4)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin()
			tell(s)
			for _, f := range judge.Of(&s.Record).Findings {
				t.Error(f)
			}
		})
	}
}
