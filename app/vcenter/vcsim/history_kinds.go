package vcsim

import (
	"math"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/vcsim/history"
)

// The faults of the event history.
//
//	purge    the oldest events go: so many of them (events), or those older than (older); all without either
//	restore  the database goes back by back (default 10m), sessions end, and the service is away for for
//	clock    vCenter's clock steps by step, e.g. -30s
//	key      the next event gets this key (next), e.g. 2147483600
//	late     a share of the workload's events becomes visible up to delay later (default 0.02, 5s)
//	old      a share of them says that it was created up to delay before, as those of a host that was away do (0.02, 10m)
//	burst    the burst filter is on: limit identical events within window (default 30, 30s)
//	hole     the account may not see a share of the objects, the events of an entity and what is below it, or those with
//	         keys from first to last
var historyKinds = []kind{
	{name: "purge", make: makePurge},
	{name: "restore", make: makeRestore},
	{name: "clock", make: func(s *Server, a *arguments, struck func()) effect {
		by := a.step("step", -30*time.Second)
		return effect{begin: func() { s.clock.step(by); struck() }}
	}},
	{name: "key", make: func(s *Server, a *arguments, struck func()) effect {
		next := a.key("next", math.MaxInt32-50)
		return effect{begin: func() { s.log.SetNextKey(next); struck() }}
	}},
	workloadKind("late", 5*time.Second, (*workload).setLate),
	workloadKind("old", 10*time.Minute, (*workload).setOld),
	{name: "burst", lasts: true, make: makeBurst},
	{name: "hole", lasts: true, make: makeHole},
}

// workloadKind is something that happens to a share of the workload's events.
func workloadKind(name string, most time.Duration, set func(*workload, chance)) kind {
	return kind{name: name, lasts: true, make: func(s *Server, a *arguments, struck func()) effect {
		how := chance{share: a.share("share", 0.02), most: a.duration("delay", most), struck: struck}
		return effect{
			begin: func() { set(s.workload, how) },
			end:   func() { set(s.workload, chance{}) },
		}
	}}
}

func makePurge(s *Server, a *arguments, struck func()) effect {
	count, older := a.number("events", math.MaxInt, 1, math.MaxInt), a.duration("older", 0)
	byAge := a.given("older")
	return effect{begin: func() {
		purged := 0
		if byAge {
			purged = s.log.Purge(s.clock.now().Add(-older))
		} else {
			purged = s.log.PurgeCount(count)
		}
		s.logger.Info().Int("events", purged).Msg("events purged")
		struck()
	}}
}

func makeRestore(s *Server, a *arguments, struck func()) effect {
	back, how := a.duration("back", 10*time.Minute), awayHow(a)
	return effect{
		begin: func() {
			s.wire.setAway(how)
			vanished := s.log.Restore(s.clock.now().Add(-back))
			s.sessions.terminate()
			s.logger.Info().Int("events", vanished).Msg("database restored")
			struck()
		},
		end: func() { s.wire.setAway(present) },
	}
}

func makeBurst(s *Server, a *arguments, struck func()) effect {
	config := history.Burst{
		Limit: a.number("limit", 30, 1, 1000), Window: a.duration("window", 30*time.Second),
		Identity: identityOf, Live: s.cfg.Readings.LiveBurst,
		Notice: func(n history.Notice) any {
			if n.Kind == history.BurstStarted {
				struck()
			}
			return burstEvent(n)
		},
	}
	return effect{begin: func() { s.log.SetBurst(&config) }, end: func() { s.log.SetBurst(nil) }}
}

func makeHole(s *Server, a *arguments, struck func()) effect {
	hole := s.newHole(a)
	return effect{
		begin: func() { s.log.Hide(hole); struck() },
		end:   func() { s.log.Hide(nil) },
	}
}
